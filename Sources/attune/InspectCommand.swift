import ArgumentParser

/// `attune inspect`
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Say what a file is, how a prompt is read, or what would be trained on photos.",
        discussion: """
            "attune inspect FILE" is short for "attune inspect file FILE"; a file by the name of \
            a subcommand is told by its path, as ./data.
            """,
        subcommands: [
            InspectFileCommand.self, InspectDataCommand.self, InspectPromptCommand.self,
        ],
        defaultSubcommand: InspectFileCommand.self)
}
