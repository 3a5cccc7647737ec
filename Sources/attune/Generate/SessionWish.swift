import Foundation
import Painting
import StableDiffusion
import Torch

/// By what somebody wants to paint, and whether that is what a manifest was begun with.
struct SessionWish {
    private let command: GenerateCommand
    private let source: ModelSource
    private let list: PictureList
    private let seed: UInt64
    private let precision: DType
    private let device: Device

    init(
        _ command: GenerateCommand, _ source: ModelSource, _ list: PictureList, seed: UInt64,
        precision: DType, device: Device
    ) throws {
        self.command = command
        self.source = source
        self.list = list
        self.seed = seed
        self.precision = precision
        self.device = device
    }

    /// Opens what is laid over the model: as asked, or as a manifest says.
    func session(_ resumed: ManifestFile?) throws -> PaintingSession {
        let asked = try command.additions.read()
        var folders = command.prompts.folders
        var given = asked
        // With a prompt, everything is as the command says, and must be what was begun.
        if !command.pictures.hasPrompt, let resumed, let url = resumed.url {
            let tools = resumed.manifest.tools
            func place(_ own: URL?, _ path: String?) -> URL? {
                own ?? path.map { URL(filePath: $0) }
            }
            folders = OverlayFolders(
                lora: place(folders.lora, tools.loraFolder),
                embeddings: place(folders.embeddings, tools.embeddingsFolder),
                hypernetworks: place(folders.hypernetworks, tools.hypernetworkFolder))
            if asked.isEmpty {
                given = try tools.additions.filter { !$0.isNamed }.map { try $0.open(for: url) }
            }
        }
        return try PaintingSession(
            source, pictures: list.pictures, given: given, folders: folders)
    }

    /// What a manifest is to say.
    ///
    /// - Parameter isWritten: whether there will be one: reading all of a model takes a while.
    func tools(
        _ session: PaintingSession, batchSize: Int, isWritten: Bool
    ) throws -> PictureManifest.Tools {
        func whole(_ path: String?) -> String? {
            path.map { URL(filePath: $0).standardizedFileURL.path }
        }
        var tools = PictureManifest.Tools(
            model: whole(command.model), modelHash: try source.hash,
            modelFingerprint: isWritten ? try ModelFingerprint.of(source) : "",
            predictionType: command.predictionType,
            precision: ComputePrecision(precision).rawValue, isOnProcessor: device.isProcessor,
            batchSize: batchSize, seed: seed)
        tools.additions = session.additions()
        tools.loraFolder = whole(command.prompts.loraDir)
        tools.embeddingsFolder = whole(command.prompts.embeddingsDir)
        tools.hypernetworkFolder = whole(command.prompts.hypernetworkDir)
        return tools
    }

    /// Sees whether the same is asked for as when the manifest was written.
    func check(_ resumed: ManifestFile, _ printer: ProgressPrinter) throws {
        let manifest = resumed.manifest
        func changed(_ reason: String) -> ManifestError {
            .changed(file: resumed.url?.path ?? "", reason: reason)
        }
        guard try source.hash == manifest.tools.modelHash else {
            throw changed(
                "it was begun with the model \(manifest.tools.modelHash), and this one is "
                    + "\(try source.hash)")
        }
        guard try ModelFingerprint.of(source) == manifest.tools.modelFingerprint else {
            throw changed(
                "the model's text encoder, autoencoder or configurations are others than they were")
        }
        let override = manifest.tools.predictionType
        let predictions = [
            override, command.predictionType ?? (command.pictures.hasPrompt ? nil : override),
        ].map { $0?.rawValue ?? "as the model says" }
        guard predictions[0] == predictions[1] else {
            throw changed(
                "it was begun with the prediction \(predictions[0]), and this would be "
                    + predictions[1])
        }
        let own = ComputePrecision(precision).rawValue
        guard own == manifest.tools.precision else {
            throw changed("it was begun in \(manifest.tools.precision), and this would be \(own)")
        }
        if let difference = manifest.difference(from: list) { throw changed(difference) }
        if manifest.tools.isOnProcessor != device.isProcessor {
            printer.line(
                "The pictures that are there were painted on a "
                    + "\(manifest.tools.isOnProcessor ? "processor" : "GPU"): others may differ "
                    + "from what they would have been in their last bits.")
        }
    }

    /// Sees whether the same files are laid over the model.
    func check(_ session: PaintingSession, _ resumed: ManifestFile) throws {
        func described(_ additions: [PictureManifest.Addition]) -> [String] {
            additions.map { addition in
                let strength =
                    addition.kind == .embedding
                    ? "" : ":\(addition.strength):\(addition.textEncoderStrength)"
                return
                    "\(addition.hash)\(strength) (\(URL(filePath: addition.path).lastPathComponent))"
            }
        }
        let (before, now) = (
            described(resumed.manifest.tools.additions), described(session.additions())
        )
        guard before != now else { return }
        func list(_ files: [String]) -> String {
            files.isEmpty ? "nothing" : files.joined(separator: ", ")
        }
        throw ManifestError.changed(
            file: resumed.url?.path ?? "",
            reason: "\(list(before)) lay over the model, and \(list(now)) would now")
    }
}
