import ArgumentParser
import Files
import Foundation
import Miniature
import Torch

/// The parts of the model, in the order in which they need one another.
enum MiniaturePart: String, ExpressibleByArgument, CaseIterable {
    case tokenizer, clip, vision, towers, vae, unet

    /// The folder that it begins in the model's; nil: it goes on with that of another part.
    var folder: String? {
        switch self {
        case .tokenizer, .clip, .vae, .unet: rawValue
        case .vision, .towers: nil
        }
    }
}

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Trains the model's parts on rendered scenes; goes on where it was interrupted.")

    @Option(help: "The folder of shards that `scenes` rendered.")
    var scenes: String

    @Option(help: "The model's folder, in the diffusers layout.")
    var output: String

    @Option(
        parsing: .upToNextOption, help: "Which parts: tokenizer, clip, vision, towers, vae, unet.")
    var parts: [MiniaturePart] = MiniaturePart.allCases

    @Option(help: "auto, cpu, cuda or cuda:N.")
    var device = "auto"

    @Option(help: "Stop each part after so many seconds, to go on another time.")
    var seconds: Double?

    @Option(help: "Steps of each part, in place of the recipe's.")
    var steps: Int?

    @Option(help: "Rows of a step, in place of the recipe's.")
    var batchSize: Int?

    @Flag(help: "Replace parts of a model that was not begun by this command.")
    var overwrite = false

    func validate() throws {
        for (name, value) in [("--steps", steps), ("--batch-size", batchSize)] {
            if let value, !(1...100_000_000).contains(value) {
                throw ValidationError("\(name) \(value): must be from 1 to 100000000.")
            }
        }
    }

    /// A model that is there without its unfinished states is somebody's finished one.
    private func checkPlaces() throws {
        let folder = URL(filePath: output)
        let goesOn = FilePlace(folder.appending(path: "work")).exists
        var use = FileUse()
        use.reads(URL(filePath: scenes), "the folder of the scenes")
        use.writes(
            folder: folder, "--output \(output)", entries: parts.compactMap(\.folder),
            overwriting: overwrite || goesOn)
        try use.check()
    }

    func run() throws {
        try checkPlaces()
        let device = try Device(named: device)
        Compute.allowFastMatmul(true)
        let folder = try MiniatureFolder(URL(filePath: output))
        let data = try SceneDataset(folder: URL(filePath: scenes), device: device)
        var recipe = MiniatureConfiguration(pictureSize: data.pictures.size(1))
        for path in [
            \MiniatureConfiguration.contrastive, \.vision, \.towers, \.autoencoder, \.diffusion,
        ] {
            if let steps { recipe[keyPath: path].stepCount = steps }
            if let batchSize { recipe[keyPath: path].batchSize = batchSize }
        }
        func log(_ line: String) {
            // Only for looking at: a full disk under a log file ends nothing.
            try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
        }
        log("\(data.count) scenes on \(device)")
        let interruption = Interruption()
        for part in MiniaturePart.allCases where parts.contains(part) {
            let begin = Date()
            switch part {
            case .tokenizer:
                try trainTokenizer(recipe, captions: data.scenes.map(\.caption), folder: folder)
            case .clip:
                try trainContrastive(
                    recipe, data: data, folder: folder, seconds: seconds,
                    isCancelled: { interruption.isRequested }, log: log)
            case .vision:
                try trainVision(
                    recipe, data: data, folder: folder, seconds: seconds,
                    isCancelled: { interruption.isRequested }, log: log)
            case .towers:
                try trainTowers(
                    recipe, data: data, folder: folder, seconds: seconds,
                    isCancelled: { interruption.isRequested }, log: log)
            case .vae:
                try trainAutoencoder(
                    recipe, data: data, folder: folder, seconds: seconds,
                    isCancelled: { interruption.isRequested }, log: log)
            case .unet:
                try trainDiffusion(
                    recipe, data: data, folder: folder, seconds: seconds,
                    isCancelled: { interruption.isRequested }, log: log)
            }
            let memory = device.memoryInUse.map { ", peak \($0.peakReserved >> 20) MiB" } ?? ""
            log("\(part.rawValue): \(Int(Date().timeIntervalSince(begin))) s\(memory)")
            if interruption.isRequested {
                log("Interrupted; the same command goes on.")
                throw ExitCode(130)
            }
        }
    }
}
