import ArgumentParser
import Files
import Foundation
import Miniature

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Paints held-out captions; the small CLIP ranks their classes and colours.")

    @Option(help: "The model's folder.")
    var model: String

    @Option(help: "How many captions.")
    var count = 200

    @Option(help: "Steps of the sampler.")
    var steps = 25

    @Option(help: "How much the caption counts.")
    var guidanceScale = 5.0

    @Option(help: "Judge these renderings of `scenes --held-out` in place of painted pictures.")
    var scenes: String?

    @Option(help: "Write the first 80 pictures here, as a portable pixmap.")
    var grid: String?

    func run() throws {
        let result = try evaluateMiniature(
            URL(filePath: model), scenes: Scene.heldOut(count: count),
            pictures: try scenes.map { try SceneDataset(folder: URL(filePath: $0)) },
            stepCount: steps, guidanceScale: guidanceScale, log: { print($0) })
        if let grid {
            try AtomicFile.write(result.grid(columns: 10, rows: 8), to: URL(filePath: grid))
        }
        print("class right: \(percent(result.classAccuracy)) of \(count)")
        print("colour right: \(percent(result.colorAccuracy)) of \(count)")
    }

    private func percent(_ share: Double) -> String {
        "\((share * 1000).rounded() / 10) %"
    }
}
