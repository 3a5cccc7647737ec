import ArgumentParser
import Settings

/// `attune train dreambooth`
struct TrainDreamBoothCommand: SubjectCommand {
    static let configuration = CommandConfiguration(
        commandName: "dreambooth",
        abstract: "Teach a model one subject: the whole model, for the best likeness.",
        discussion: """
            Names and meanings are those of diffusers' train_dreambooth.py; options may be typed \
            with underscores too.
            """)

    @OptionGroup(title: "Model and photos") var subject: SubjectOptions
    @OptionGroup(title: "Prior preservation") var prior: PriorPreservationOptions
    @OptionGroup(title: "Data") var data: DataOptions
    @OptionGroup(title: "Training") var loop: TrainingOptions
    @OptionGroup(title: "Checkpoints and validation") var keeping: KeepingOptions
    @OptionGroup(title: "Options of diffusers' script that are accepted")
    var accepted: DiffusersOptions

    static let outputDir = "dreambooth-model"

    func method() throws -> FineTuningMethod { .dreamBooth }
}
