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

    @Flag(help: "Replace the file of --grid where there is one.")
    var overwrite = false

    func validate() throws {
        for (name, value, limit) in [("--count", count, 1_000_000), ("--steps", steps, 1000)]
        where !(1...limit).contains(value) {
            throw ValidationError("\(name) \(value): must be from 1 to \(limit).")
        }
        guard guidanceScale.isFinite else {
            throw ValidationError("--guidance-scale \(guidanceScale): must be a number.")
        }
    }

    private func checkPlaces() throws {
        var use = FileUse()
        use.reads(URL(filePath: model), "the model")
        if let scenes { use.reads(URL(filePath: scenes), "the folder of the scenes") }
        if let grid {
            use.writes(file: URL(filePath: grid), "--grid \(grid)", overwriting: overwrite)
        }
        try use.check()
    }

    func run() throws {
        try checkPlaces()
        let given = try scenes.map { try SceneDataset(folder: URL(filePath: $0)) }
        let wanted = try Scene.heldOut(count: count, for: URL(filePath: model))
        let result = try evaluateMiniature(
            URL(filePath: model), scenes: given.map { Array($0.scenes.prefix(count)) } ?? wanted,
            pictures: given,
            stepCount: steps, guidanceScale: guidanceScale, log: { print($0) })
        if let grid {
            try AtomicFile.write(
                result.grid(columns: 10, rows: 8), to: URL(filePath: grid),
                replacing: overwrite)
        }
        print("class right: \(percent(result.classAccuracy)) of \(count)")
        print("colour right: \(percent(result.colorAccuracy)) of \(count)")
    }

    private func percent(_ share: Double) -> String {
        "\((share * 1000).rounded() / 10) %"
    }
}
