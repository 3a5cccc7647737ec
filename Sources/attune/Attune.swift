import ArgumentParser
import Torch

/// The command: parse, validate, call, print.
@main
struct Attune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attune",
        abstract: "Teaches Stable Diffusion a subject from a few photos, and paints with it.",
        subcommands: [
            DemoCommand.self, GenerateCommand.self, TrainCommand.self, BenchCommand.self,
        ])

    static func main() {
        Compute.letThreadsSleep()
        main(ArgumentSpelling.normalized(Array(CommandLine.arguments.dropFirst())))
    }
}

/// `attune train`
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Teach a model something new.",
        subcommands: [TrainDreamBoothCommand.self])
}
