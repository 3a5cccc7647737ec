import ArgumentParser
import Foundation
import NN
import RunRecord
import Settings
import StableDiffusion
import Torch
import Training

/// A command that teaches a subject from photos and a prompt, by one of the methods.
protocol SubjectCommand: ParsableCommand {
    /// What the method is called by in folders, where no other is given.
    static var outputDir: String { get }

    var subject: SubjectOptions { get }
    var prior: PriorPreservationOptions { get }
    var data: DataOptions { get }
    var loop: TrainingOptions { get }
    var keeping: KeepingOptions { get }
    var accepted: DiffusersOptions { get }

    func method() throws -> FineTuningMethod
}

extension SubjectCommand {
    func run() throws {
        let file = try subject.subjects.map(SubjectsFile.init)
        var configuration = FineTuningConfiguration(
            subjects: file?.subjects ?? [
                TrainingSubject(
                    instanceDataDir: subject.instanceDataDir ?? "",
                    instancePrompt: subject.instancePrompt)
            ])
        configuration.method = try method()
        subject.apply(to: &configuration, outputDir: Self.outputDir)
        try prior.apply(to: &configuration, hasSubjectsFile: file != nil)
        data.apply(to: &configuration.data)
        try loop.apply(to: &configuration.training)
        keeping.apply(to: &configuration)
        try TrainingSession.run(
            configuration, loop, choosesTextEncoder: subject.trainTextEncoder == nil,
            subjects: file, on: Device(named: subject.device), accepted: accepted)
    }
}

/// Runs a training whose options are parsed: printing, and what Ctrl-C does.
enum TrainingSession {
    ///
    /// - Parameters:
    ///   - choosesTextEncoder: whether the preset says if the text encoder is trained.
    ///   - choosesVectorCount: whether it says how many vectors a word has.
    ///   - subjects: the file that the subjects are from, where they are.
    static func run(
        _ configuration: FineTuningConfiguration, _ loop: TrainingOptions,
        choosesTextEncoder: Bool = false, choosesVectorCount: Bool = false,
        subjects: SubjectsFile? = nil, on device: Device,
        accepted: DiffusersOptions
    ) throws {
        var configuration = configuration
        // Whoever gives it a rate or an end wants it trained.
        let meansTextEncoder =
            choosesTextEncoder && configuration.method.trainsTextEncoders
            && (loop.textEncoderLearningRate != nil || loop.stopTextEncoderTraining != nil)
        if meansTextEncoder { configuration.trainTextEncoder = true }
        try configuration.validate()
        let preset = Preset(
            for: configuration.method,
            withPriorPreservation: configuration.withPriorPreservation,
            subjectCount: configuration.subjects.count,
            model: try ModelSource(
                configuration.model.map { URL(filePath: $0) } ?? EmbeddedModel.locate()))
        var taken = loop.complete(&configuration.training, from: preset)
        if choosesTextEncoder {
            configuration.trainTextEncoder =
                meansTextEncoder || preset.textEncoderLearningRate != nil
            if configuration.trainTextEncoder { taken.append(("train-text-encoder", "")) }
            // Prodigy finds one rate for all.
            if let rate = preset.textEncoderLearningRate, loop.textEncoderLearningRate == nil,
                configuration.training.optimizer != .prodigy
            {
                configuration.training.textEncoderLearningRate = rate
                taken.append(("text-encoder-lr", String(rate)))
            }
        }
        if choosesVectorCount {
            configuration.method.setVectorCount(from: preset)
            taken.append(("num-vectors", String(preset.vectorCount)))
        }
        try configuration.validate()
        Compute.allowFastMatmul(accepted.allowTf32)
        let printer = TrainingPrinter(device: device)
        for notice in accepted.notices { printer.show(.notice(notice)) }
        if !taken.isEmpty {
            let text = taken.map { $0.value.isEmpty ? "--\($0.name)" : "--\($0.name) \($0.value)" }
                .joined(separator: " ")
            printer.show(.notice("For this method and model: \(text)."))
        }
        let interruption = Interruption(
            message: "Ending after this step and saving; press Ctrl-C again to end at once.")
        let runFiles = try runFiles(&configuration, taken, subjects)
        let training = FineTuningRun(
            configuration, device: device, cancellation: interruption.cancellation,
            runFiles: runFiles, report: printer.show)
        do {
            try training.run()
        } catch let error as TrainingError {
            printer.finish()
            guard error.isInterruption else { throw error }
            Terminal.writeError("\(error)\n")
            // What shells give a program that Ctrl-C ended.
            throw ExitCode(130)
        } catch {
            printer.finish()
            throw error
        }
    }

    /// The files that repeat the run; none for one that goes on with another, whose files are
    /// there already.
    private static func runFiles(
        _ configuration: inout FineTuningConfiguration, _ taken: [(name: String, value: String)],
        _ subjects: SubjectsFile?
    ) throws -> [String: Data] {
        guard configuration.resumeFromCheckpoint == nil else { return [:] }
        // Small enough to be typed again.
        let seed = configuration.training.seed ?? UInt64.random(in: 0..<(1 << 32))
        configuration.training.seed = seed
        let typed = ArgumentSpelling.normalized(Array(CommandLine.arguments.dropFirst()))
        var file = RunFile(arguments: try RunFile.expanding(typed).arguments.dropFirst())
        for (name, value) in taken { file.complete(name, value) }
        file.complete("seed", String(seed))
        guard let subjects else { return ["run.yaml": Data(try file.yaml().utf8)] }
        let name = "subjects.yaml"
        // From where the command runs, as all other paths are.
        file.replace("subjects", (configuration.outputDir as NSString).appendingPathComponent(name))
        return ["run.yaml": Data(try file.yaml().utf8), name: subjects.data]
    }
}
