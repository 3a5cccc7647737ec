public import ArgumentParser
import Files
import Foundation
public import Settings
import Torch

/// `attune config`
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Say once what machine this is: `accelerate config`, in its own file.",
        discussion: """
            Every training takes from there what it is not told. Files of accelerate and of \
            DeepSpeed are read as they are.
            """,
        subcommands: [ConfigAskCommand.self, ConfigDefaultCommand.self, ConfigShowCommand.self],
        defaultSubcommand: ConfigAskCommand.self)
}

/// Where the file is.
struct ConfigFileOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The file (default: accelerate's own, below ~/.cache/huggingface).",
            valueName: "path"),
        completion: .file())
    var configFile: String?

    var url: URL {
        configFile.map { URL(filePath: $0) }
            ?? MachineSettings.usualFile(ProcessInfo.processInfo.environment)
    }

    /// What is there already; nil: nothing.
    func existing() throws -> AccelerateFile? {
        FileManager.default.fileExists(atPath: url.path) ? try AccelerateFile(url) : nil
    }

    func write(_ file: AccelerateFile) throws {
        try Folder.create(url.deletingLastPathComponent())
        try AtomicFile.write(Data(file.text.utf8), to: url)
        print("Written: \(url.path)")
    }
}

/// `attune config` without more
struct ConfigAskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask", abstract: "Ask, and write the file; Enter takes what is proposed.")

    @OptionGroup var file: ConfigFileOption

    func run() throws {
        let existing = try file.existing()
        if let section = existing?.sections.first {
            throw ValidationError(
                "--config-file \(file.url.path): has \(section), which would be lost; change it "
                    + "with accelerate config, or name another file.")
        }
        if existing != nil { print("What \(file.url.path) says is proposed.") }
        try file.write(ConfigQuestions(MachineFacts(), existing).ask())
    }
}

/// `attune config default`
struct ConfigDefaultCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "default", abstract: "Write what suits this machine, without a question.")

    @OptionGroup var file: ConfigFileOption

    @Option(help: "What activations are computed in: no, fp16, bf16, or auto, as suits.")
    var mixedPrecision: TrainingConfiguration.Precision?

    @Flag(help: "Replace a file that is there.")
    var overwrite = false

    func run() throws {
        if !overwrite, try file.existing() != nil {
            throw ValidationError(
                "--config-file \(file.url.path): is there already; change it with attune config, "
                    + "or replace it with --overwrite.")
        }
        var questions = ConfigQuestions(MachineFacts(), nil)
        // What suits is what is proposed.
        if let mixedPrecision, mixedPrecision != .auto { questions.precision = mixedPrecision }
        try file.write(questions.file)
    }
}

extension TrainingConfiguration.Precision: ExpressibleByArgument {}
