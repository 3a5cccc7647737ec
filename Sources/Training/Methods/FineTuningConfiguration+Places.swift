public import Settings
import Files
public import Foundation
import StableDiffusion

extension FineTuningConfiguration {
    /// Sees that nothing that the run reads is, holds or lies in what it writes.
    ///
    /// What a run keeps in its own folder may be there: checkpoints, class pictures, settings.
    ///
    /// - Parameter settingsFiles: files that the settings are from.
    /// - Throws: `OutputError`, or `ModelError` where there is no model.
    public func checkPlaces(settingsFiles: [URL] = []) throws {
        // A path relative to a folder that is not there yet would else begin above it.
        let output = URL(fileURLWithPath: outputDir, isDirectory: true)
        var use = FileUse()
        use.reads(
            try model.map { URL(fileURLWithPath: $0) } ?? EmbeddedModel.locate(),
            model == nil ? "the embedded model" : "the model")
        for subject in subjects {
            use.reads(URL(fileURLWithPath: subject.instanceDataDir), "the folder of the photos")
        }
        if let folder = data.maskDir {
            use.reads(URL(fileURLWithPath: folder), "the folder of the masks")
        }
        var painting = use
        for (name, _) in classFolders {
            let url = URL(fileURLWithPath: name)
            painting.writes(url, "`class-data-dir` \(name)", holding: .anything)
            use.reads(url, "the folder of the class pictures", isOwnFile: true)
        }
        if let name = resumeFromCheckpoint, CheckpointFolder.isPath(name) {
            use.reads(URL(fileURLWithPath: name), "the checkpoint to go on from", isOwnFile: true)
        }
        for file in settingsFiles + [templates].compactMap(\.self) {
            use.reads(file, "a file of this run's settings", isOwnFile: true)
        }
        let option = "`output-dir` \(outputDir)"
        use.writes(output, option, holding: .ownFiles)
        for name in ["best", "validation"] + resultNames {
            use.writes(output.appendingPathComponent(name), option)
        }
        use.writes(
            URL(fileURLWithPath: training.record.loggingDir, relativeTo: output),
            "`logging-dir` \(training.record.loggingDir)", holding: .anything)
        try use.check()
        try painting.check()
    }

    private var templates: URL? {
        guard case .textualInversion(let method) = method else { return nil }
        return method.templates.map { URL(fileURLWithPath: $0) }
    }
}
