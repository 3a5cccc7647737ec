import ArgumentParser
import Foundation
import Torch

/// The command: parse, validate, call, print.
@main
struct Attune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attune",
        abstract: "Teaches Stable Diffusion a subject from a few photos, and paints with it.",
        subcommands: [
            DemoCommand.self, GenerateCommand.self, TrainCommand.self, LoRACommand.self,
            ConvertCommand.self, InspectCommand.self, BenchCommand.self,
            CompareCommand.self, CompareOneCommand.self,
        ])

    static func main() {
        Compute.letThreadsSleep()
        // A file beyond the limit of `ulimit -f` is an error like a full disk's.
        signal(SIGXFSZ, SIG_IGN)
        let typed = ArgumentSpelling.normalized(Array(CommandLine.arguments.dropFirst()))
        var file: String?
        do {
            let expanded = try RunFile.expanding(typed)
            file = expanded.file
            var command = try parseAsRoot(expanded.arguments)
            try command.run()
        } catch {
            guard let text = Refusal.text(for: error, file: file) else { exit(withError: error) }
            Terminal.writeError(text)
            exit(withError: ExitCode.validationFailure)
        }
    }
}

/// `attune train`
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Teach a model something new.",
        discussion: """
            Every run leaves run.yaml in its output folder: its method and options. "attune train \
            --config run.yaml" repeats it; options typed as well count before the file's.
            """,
        subcommands: [
            TrainDreamBoothCommand.self, TrainLoRACommand.self, TrainTextualInversionCommand.self,
            TrainHypernetworkCommand.self,
        ])
}
