import ArgumentParser
import Foundation
import Miniature
import Torch

/// The parts of the model, in the order in which they need one another.
enum MiniaturePart: String, ExpressibleByArgument, CaseIterable {
    case tokenizer, clip, vision, towers, vae, unet
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

    func run() throws {
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
            let memory = device.memoryInUse.map { ", peak \($0.peak >> 20) MiB" } ?? ""
            log("\(part.rawValue): \(Int(Date().timeIntervalSince(begin))) s\(memory)")
            if interruption.isRequested {
                log("Interrupted; the same command goes on.")
                throw ExitCode(130)
            }
        }
    }
}
