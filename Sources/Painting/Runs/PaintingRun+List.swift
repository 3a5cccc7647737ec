public import Foundation
public import StableDiffusion
import Torch

extension PaintingRun {
    /// A new run of a list by a model that is loaded, into a folder: what most programs need.
    ///
    /// The manifest is written at once; ``ManifestFile/open(_:isWanted:)`` finds it again.
    /// - Parameters:
    ///   - given: what is laid over the model for all pictures.
    ///   - folders: where the files are that prompts ask for.
    ///   - batchSize: how many are painted at once.
    /// - Throws: one sentence: `FileError`, or what ``PaintingSession`` throws.
    public init(
        _ pipeline: Pipeline, _ list: PictureList, in folder: URL, given: [Overlay] = [],
        folders: OverlayFolders = OverlayFolders(), batchSize: Int = 4
    ) throws {
        let source = pipeline.source
        let session = try PaintingSession(
            source, pictures: list.pictures, given: given, folders: folders)
        try session.begin(with: pipeline)
        try Self.prepare(folder)
        var tools = PictureManifest.Tools(
            model: source.url.standardizedFileURL.path, modelHash: try source.hash,
            modelFingerprint: try ModelFingerprint.of(source), predictionType: nil,
            precision: ComputePrecision(pipeline.precision).rawValue,
            isOnProcessor: pipeline.device.isProcessor, batchSize: batchSize,
            seed: list.pictures.first?.seed ?? 0)
        tools.additions = session.additions()
        tools.loraFolder = folders.lora?.path
        tools.embeddingsFolder = folders.embeddings?.path
        tools.hypernetworkFolder = folders.hypernetworks?.path
        self.init(
            session, try ManifestFile.create(list, by: tools, in: folder), batchSize: batchSize,
            modelHash: try source.hash)
    }
}
