import ArgumentParser
import Miniature

struct DescribeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe",
        abstract: "Prints a scene's caption and its POV-Ray source.")

    @Option(help: "The seed of the scenes.")
    var seed: UInt64 = 1

    @Option(help: "Which scene, from 0.")
    var index = 0

    func validate() throws {
        guard index >= 0 else {
            throw ValidationError("--index \(index): must be 0 or more.")
        }
    }

    func run() {
        let scene = Scene(seed: seed, index: index)
        print("// \(scene.caption)")
        print(PovRayScene.source(scene))
    }
}
