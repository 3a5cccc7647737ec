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
            DemoCommand.self, GenerateCommand.self, PickCommand.self, SamplersCommand.self,
            TrainCommand.self,
            PlanCommand.self, LaunchCommand.self, LoRACommand.self, ConvertCommand.self,
            InspectCommand.self, ConfigCommand.self, DoctorCommand.self, BenchCommand.self,
            CompareCommand.self, CompareOneCommand.self, DoctorStepCommand.self,
        ])

    static func main() {
        Compute.letThreadsSleep()
        // A file beyond the limit of `ulimit -f` is an error like a full disk's.
        signal(SIGXFSZ, SIG_IGN)
        let typed = ArgumentSpelling.normalized(Array(CommandLine.arguments.dropFirst()))
        do {
            var command = try parseAsRoot(TrainCommand.naming(methodIn: typed))
            try command.run()
        } catch {
            let named = (try? TrainCommand.naming(methodIn: typed)) ?? typed
            let wording = Wording(command(of: named))
            if let text = Refusal.told(error, wording) {
                FileHandle.standardError.write(Data(text.utf8))
                exit(withError: ExitCode.failure)
            }
            guard let text = Refusal.text(for: error, wording) else {
                exit(withError: Refusal.worded(error, wording))
            }
            FileHandle.standardError.write(Data(text.utf8))
            exit(withError: ExitCode.validationFailure)
        }
    }

    /// The command that a command line is for.
    private static func command(of arguments: [String]) -> any ParsableCommand.Type {
        arguments.reduce(Attune.self as any ParsableCommand.Type) { command, argument in
            command.configuration.subcommands.first { $0._commandName == argument } ?? command
        }
    }
}
