import Training
import RunRecord
import ArgumentParser
import Settings
import Foundation
import StableDiffusion
import Torch

/// Runs a training whose settings are known: printing, and what Ctrl-C does.
enum TrainingSession {
    static func run(
        _ told: RunSettings, settingsFiles: [URL] = [], machineFile: URL? = nil, wording: Wording
    ) throws {
        var settings = told
        let printer = TrainingPrinter(wording: wording)
        let machine = try MachineSettings(file: machineFile)
        for (origin, names) in try settings.complete(by: machine) {
            printer.show(.notice("From \(origin): \(options(names, settings))."))
        }
        machine.notices.forEach { printer.show(.notice($0)) }
        // What is wrong by itself is said before a model is looked for.
        let first = try settings.configuration()
        try first.validate()
        try first.checkPlaces(
            settingsFiles: settingsFiles
                + [first.subjectsFile].compactMap(\.self).map { URL(fileURLWithPath: $0) })
        let device = try Device(named: first.device)
        let taken = try settings.complete(
            for: ModelSource(first.model.map { URL(filePath: $0) } ?? EmbeddedModel.locate()))
        let configuration = try settings.configuration()
        try configuration.validate()
        Compute.allowFastMatmul(configuration.accepted.allowTF32)
        if !taken.isEmpty {
            printer.show(.notice("For this method and model: \(options(taken, settings))."))
        }
        let interruption = Interruption(
            message: "Ending after this step and saving; press Ctrl-C again to end at once.")
        let training = FineTuningRun(
            configuration, device: device, cancellation: interruption.cancellation,
            runFiles: try runFiles(settings, configuration), report: printer.show)
        do {
            try training.run()
        } catch let error as TrainingError {
            printer.finish()
            switch error {
            case .interrupted, .interruptedAtEnd: break
            default: throw error
            }
            FileHandle.standardError.write(Data("\(wording.sentence("\(error)"))\n".utf8))
            // What shells give a program that Ctrl-C ended.
            throw ExitCode(130)
        } catch {
            printer.finish()
            throw error
        }
    }

    /// Settings as they would be typed.
    private static func options(_ names: [String], _ settings: RunSettings) -> String {
        names.map { name in
            settings[name] == "true" ? "--\(name)" : "--\(name) \(settings[name] ?? "")"
        }.joined(separator: " ")
    }

    /// The files that repeat the run; none for one that goes on with another, whose files are
    /// there already.
    private static func runFiles(
        _ settings: RunSettings, _ configuration: FineTuningConfiguration
    ) throws -> [String: Data] {
        guard configuration.resumeFromCheckpoint == nil else { return [:] }
        var settings = settings
        var files: [String: Data] = [:]
        if let file = configuration.subjectsFile {
            files[SubjectsFile.name] = try SubjectsFile(file).data
            // From where the command runs, as all other paths are.
            try settings.set(
                "subjects",
                to: (configuration.outputDir as NSString)
                    .appendingPathComponent(SubjectsFile.name))
        }
        // Said once, for what was there then.
        settings.remove("overwrite")
        let text = try RunFile.text(of: settings)
        files[RunFile.name] = Data(
            "\(RunOutput.mark); `attune train --config` repeats it.\n\(text)".utf8)
        return files
    }
}
