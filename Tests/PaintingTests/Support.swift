import Foundation
import Painting
import StableDiffusion
import TestSupport
import Torch

/// A folder for one test, removed when the test is over.
final class ScratchFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appending(path: "attune-painting-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func callAsFunction(_ name: String) -> URL { url.appending(path: name) }

    /// The names in it that people see, sorted.
    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: url.path)
            .filter { !$0.hasPrefix(".") }.sorted()
    }
}

/// A model that paints in milliseconds.
func tinyPipeline() throws -> Pipeline {
    try Pipeline(ModelSource(Fixture.url("models/tiny-sd1")))
}

/// The smallest pictures there can be, in one step.
func smallSettings(_ prompt: String = "a red robot") -> GenerationSettings {
    var settings = GenerationSettings(prompt: prompt)
    settings.stepCount = 1
    settings.width = 8
    settings.height = 8
    settings.sampler = .euler
    return settings
}

/// A run of pictures with the tiny model.
///
/// - Parameter folder: where they go; a manifest that is there is gone on with.
func tinyRun(
    _ list: PictureList, in folder: ScratchFolder, batchSize: Int = 4,
    pipeline: Pipeline? = nil, given: [Overlay] = [], folders: OverlayFolders = OverlayFolders(),
    resuming: Bool = false
) throws -> PaintingRun {
    let pipeline = try pipeline ?? tinyPipeline()
    let session = try PaintingSession(
        pipeline.source, pictures: list.pictures, given: given, folders: folders)
    try session.begin(with: pipeline)
    let tools = PictureManifest.Tools(
        model: nil, modelHash: "0123456789", modelFingerprint: "", predictionType: nil,
        precision: "fp32", isOnProcessor: true, batchSize: batchSize, seed: 5)
    let file =
        try resuming
        ? ManifestFile.open(folder.url) : ManifestFile.create(list, by: tools, in: folder.url)
    return PaintingRun(
        session, file, batchSize: file.manifest.tools.batchSize, modelHash: "0123456789")
}

/// Pictures of one prompt.
func smallList(_ count: Int, firstSeed: UInt64 = 5) -> PictureList {
    PictureList(
        consecutiveSeeds(from: firstSeed, count: count).map {
            PictureRequest(smallSettings(), seed: $0)
        }, title: "a red robot")
}

/// Files to lay over `tinyPipeline()`, under names of the test's own.
extension ScratchFolder {
    func lora(
        _ name: String, strength: Double = 1, textEncoderStrength: Double? = nil
    ) throws -> Overlay {
        let url = self("\(name).safetensors")
        try FileManager.default.copyItem(at: Fixture.url("adapters/locon.safetensors"), to: url)
        return try .lora(url, strength: strength, textEncoderStrength: textEncoderStrength)
    }

    func hypernetwork(_ name: String, strength: Double = 1) throws -> Overlay {
        let url = self("\(name).pt")
        try FileManager.default.copyItem(at: Fixture.url("hypernetworks/first.pt"), to: url)
        return try .hypernetwork(url, strength: strength)
    }

    func embedding(_ name: String, token: String, vectorCount: Int = 1) throws -> Overlay {
        let url = self("\(name).safetensors")
        try TextualInversionFile.write(
            TextualInversion(token: token, vectors: .zeros([vectorCount, 32])), to: url)
        return try .embedding(url)
    }
}
