public import ArgumentParser
import Settings
import Torch

/// `attune train textual-inversion`
struct TrainTextualInversionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "textual-inversion",
        abstract: "Teach a model one word: a tiny file, the model stays as it is.",
        discussion: """
            Names and meanings are those of diffusers' textual_inversion.py; options may be typed \
            with underscores too. The word is used in prompts like any other. Files: \
            learned_embeds.safetensors for diffusers; WORD.safetensors and WORD.pt for web UIs, \
            which take the file's name for the word.
            """)

    @OptionGroup(title: "Model and photos") var subject: InversionOptions
    @OptionGroup(title: "Data") var data: DataOptions
    @OptionGroup(title: "Training") var loop: TrainingOptions
    @OptionGroup(title: "Checkpoints and validation") var keeping: KeepingOptions
    @OptionGroup(title: "Options of diffusers' script that are accepted")
    var accepted: DiffusersOptions

    func run() throws {
        var configuration = FineTuningConfiguration(
            instanceDataDir: subject.trainDataDir, instancePrompt: subject.placeholderToken)
        configuration.method = .textualInversion(subject.method)
        configuration.model = subject.model
        configuration.outputDir = subject.outputDir
        data.apply(to: &configuration.data)
        try loop.apply(to: &configuration.training)
        keeping.apply(to: &configuration)
        try TrainingSession.run(
            configuration, loop, choosesVectorCount: subject.numVectors == nil,
            on: Device(named: subject.device), accepted: accepted)
    }
}

extension TextualInversionConfiguration.Property: ExpressibleByArgument {}

/// What textual inversion learns, and from what.
struct InversionOptions: ParsableArguments {
    @Option(help: "A diffusers folder or a .safetensors file (default: the embedded model).")
    var model: String?

    @Option(
        name: [.customLong("train-data-dir"), .customLong("instance-data-dir")],
        help: "The folder with the photos of the subject.")
    var trainDataDir: String

    @Option(
        name: [.customLong("placeholder-token"), .customLong("token-string")],
        help: "The new word: \"<my-robot>\".")
    var placeholderToken: String

    @Option(
        name: [.customLong("initializer-token"), .customLong("init-word")],
        help: "A word or a phrase that comes near to it (default: random numbers).")
    var initializerToken: String?

    @Option(
        name: [.customLong("num-vectors"), .customLong("num-vectors-per-token")],
        help: "How many vectors the word stands for (default: by model).")
    var numVectors: Int?

    @Option(help: "object or style: which sentences the word is seen in.")
    var learnableProperty = TextualInversionConfiguration.Property.object

    @Option(help: "A file with sentences of your own, one a line, {} for the word.")
    var templates: String?

    @Option(help: "Where the files, checkpoints and pictures go.")
    var outputDir = "text-inversion-model"

    @Option(help: "auto, cpu, cuda, cuda:N or mps.")
    var device = "auto"

    var method: TextualInversionConfiguration {
        var method = TextualInversionConfiguration(
            placeholderToken: placeholderToken, initializerToken: initializerToken)
        if let numVectors { method.vectorCount = numVectors }
        method.learnableProperty = learnableProperty
        method.templates = templates
        return method
    }
}
