import ArgumentParser
import FineTuning
import Foundation
import NN
import Torch

/// `attune train dreambooth`
struct TrainDreamBoothCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dreambooth",
        abstract: "Teach a model one subject from a few photos.",
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
        var configuration = DreamBoothConfiguration(
            instanceDataDir: subject.instanceDataDir, instancePrompt: subject.instancePrompt)
        subject.apply(to: &configuration)
        prior.apply(to: &configuration)
        loop.apply(to: &configuration.training)
        keeping.apply(to: &configuration)
        try configuration.validate()

        let device = try Device(named: subject.device)
        Compute.allowFastMatmul(accepted.allowTf32)
        let printer = TrainingPrinter()
        for notice in accepted.notices { printer.show(.notice(notice)) }
        let interruption = Interruption(
            message: "Ending after this step and saving; press Ctrl-C again to end at once.")
        let training = DreamBooth(
            configuration, device: device, cancellation: interruption.cancellation,
            report: printer.show)
        do {
            try training.run()
        } catch let error as TrainingError {
            printer.finish()
            guard case .interrupted = error else { throw error }
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            // What shells give a program that Ctrl-C ended.
            throw ExitCode(130)
        } catch {
            printer.finish()
            throw error
        }
    }
}
