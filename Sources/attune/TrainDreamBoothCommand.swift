import ArgumentParser
import FineTuning
import Torch

/// `attune train dreambooth`
struct TrainDreamBoothCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dreambooth",
        abstract: "Teach a model one subject: the whole model, for the best likeness.",
        discussion: """
            Names and meanings are those of diffusers' train_dreambooth.py; options may be typed \
            with underscores too.
            """)

    @OptionGroup(title: "Model and photos") var subject: SubjectOptions
    @OptionGroup(title: "Prior preservation") var prior: PriorPreservationOptions
    @OptionGroup(title: "Training") var loop: TrainingOptions
    @OptionGroup(title: "Checkpoints and validation") var keeping: KeepingOptions
    @OptionGroup(title: "Options of diffusers' script that are accepted")
    var accepted: DiffusersOptions

    func run() throws {
        var configuration = FineTuningConfiguration(
            instanceDataDir: subject.instanceDataDir, instancePrompt: subject.instancePrompt)
        subject.apply(to: &configuration, outputDir: "dreambooth-model")
        prior.apply(to: &configuration)
        try loop.apply(to: &configuration.training, learningRate: 5e-6)
        keeping.apply(to: &configuration)
        try configuration.validate()
        try TrainingSession.run(
            configuration, on: Device(named: subject.device), accepted: accepted)
    }
}
