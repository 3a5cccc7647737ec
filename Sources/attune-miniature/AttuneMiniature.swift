import ArgumentParser

/// The recipe of the embedded model, one step a subcommand.
@main
struct AttuneMiniature: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attune-miniature",
        abstract: "Makes the small Stable Diffusion that ships with Attune, step by step.",
        subcommands: [
            ScenesCommand.self, SubjectsCommand.self, DescribeCommand.self, TrainCommand.self,
            EvaluateCommand.self,
        ])
}
