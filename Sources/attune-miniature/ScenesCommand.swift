import ArgumentParser
import Foundation
import Miniature

struct ScenesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scenes",
        abstract: "Renders captioned scenes into packed shards; finished shards are kept.")

    @Option(help: "The folder for shard-NNNNN.bin and shard-NNNNN.jsonl.")
    var output: String

    @Option(help: "How many scenes.")
    var count = 1000

    @Option(help: "Width and height in pixels.")
    var size = 128

    @Option(help: "The seed of the scenes.")
    var seed: UInt64 = 1

    @Option(
        help: "POV-Ray processes at a time; each idles between pictures, so three a core are best."
    )
    var jobs = 3 * ProcessInfo.processInfo.activeProcessorCount

    @Option(help: "Scenes in one shard.")
    var shardCount = 250

    @Flag(help: "Render the held-out scenes of the measurement in place of --seed's.")
    var heldOut = false

    @OptionGroup var povRay: PovRayOptions

    func validate() throws {
        for (name, value, limit) in [
            ("--count", count, 100_000_000), ("--jobs", jobs, 10_000),
            ("--shard-count", shardCount, 100_000),
        ] where !(1...limit).contains(value) {
            throw ValidationError("\(name) \(value): must be from 1 to \(limit).")
        }
        guard (16...4096).contains(size) else {
            throw ValidationError("--size is \(size), but must be 16 to 4096 pixels.")
        }
        guard heldOut || seed != Scene.heldOutSeed else {
            throw ValidationError("--seed \(seed) is kept for the held-out scenes: take another.")
        }
    }

    func run() throws {
        let renderer = SceneRenderer(
            seed: heldOut ? Scene.heldOutSeed : seed, count: count, size: size,
            shardCount: shardCount, jobs: jobs, povRay: povRay.povRay, namingAll: heldOut)
        let clock = ContinuousClock()
        let start = clock.now
        let total = count
        try renderer.render(into: URL(filePath: output)) { finished in
            let seconds = (clock.now - start) / .seconds(1)
            print("\(finished) of \(total) pictures, \(Int(seconds)) s")
        }
    }
}
