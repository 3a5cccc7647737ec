import Files
import Foundation
import RunRecord
import Settings
import StableDiffusion
import Torch
import Training

/// A training with all its settings: typed, of files, of the machine, and by itself.
struct SettledTraining {
    private(set) var settings: RunSettings
    /// The settings before anything was added for the memory that there is.
    private(set) var told: RunSettings
    private(set) var configuration: FineTuningConfiguration
    let device: Device

    /// - Parameters:
    ///   - processes: those that train together; nil: this one alone.
    ///   - notify: takes a sentence on each thing that was not typed.
    ///   - device: finds the device of a name.
    /// - Throws: for what is wrong by itself, before a model is looked for; then `ModelError`.
    init<Method>(
        _ options: TrainingOptions<Method>, processes: ProcessGroup? = nil,
        notify: (String) -> Void,
        device find: (String) throws -> Device
    ) throws {
        var settings = try options.settings()
        let machine = try MachineSettings(file: options.configFile.map { URL(filePath: $0) })
        for (origin, names) in try settings.complete(
            by: machine, processCount: processes?.count ?? 1)
        {
            notify("From \(origin): \(Self.options(names, settings)).")
        }
        machine.notices.forEach(notify)
        var first = try settings.configuration()
        if first.training.mixedPrecision == .auto {
            let device = try find(first.device)
            let own = first.training.quickestPrecision(on: device).rawValue
            let quickest = try processes?.shared("mixed precision") { own } ?? own
            try settings.set("mixed-precision", to: quickest)
            notify("The quickest on \(device): --mixed-precision \(quickest).")
            first = try settings.configuration()
        }
        try first.validate()
        try first.checkPlaces(
            settingsFiles: [options.config, first.subjectsFile].compactMap(\.self)
                .map { URL(fileURLWithPath: $0) })
        device = try find(first.device)
        let taken = try settings.complete(
            for: ModelSource(first.model.map { URL(filePath: $0) } ?? EmbeddedModel.locate()))
        // What is drawn is drawn once for all.
        if let processes, first.training.seed == nil, let drawn = settings["seed"] {
            try settings.set("seed", to: try processes.shared("drawn seed") { drawn })
        }
        configuration = try settings.configuration()
        try configuration.validate()
        if !taken.isEmpty {
            notify("For this method and model: \(Self.options(taken, settings)).")
        }
        self.settings = settings
        told = settings
    }

    /// What the run will need.
    func forecast(
        _ configuration: FineTuningConfiguration, notify: @escaping (String) -> Void = { _ in }
    ) throws -> RunForecast {
        try FineTuningRun(configuration, device: device) { event in
            if case .notice(let sentence) = event { notify(sentence) }
        }.forecast()
    }

    /// The disk that may stand in for memory; nil: none should be taken unasked.
    var diskFolder: URL? {
        let folder = configuration.diskFolder
        return configuration.keepsOnDisk || DiskKind(of: folder) == nil ? folder : nil
    }

    /// Takes what saves memory where the run would not fit; of several processes the first finds
    /// it out for all.
    ///
    /// - Throws: `MemoryError` where nothing helps; what a plan of the run throws.
    mutating func fit(_ processes: ProcessGroup?, notify: (String) -> Void) throws {
        guard let processes, processes.count > 1 else { return try fit(notify: notify) }
        let before = settings
        if processes.isFirst { try fit(processCount: processes.count, notify: notify) }
        let names = settings.table.settings.map(\.name).filter { settings[$0] != before[$0] }
        let added = try processes.shared("fit") {
            names.map { "\($0)\t\(settings[$0] ?? "")" }.joined(separator: "\n")
        }
        guard !processes.isFirst else { return }
        for line in added.split(separator: "\n") {
            let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
            if parts.count == 2 { try settings.set(parts[0], to: parts[1]) }
        }
        configuration = try settings.configuration()
    }

    /// - Throws: `MemoryError` where nothing helps; what a plan of the run throws.
    mutating func fit(processCount: Int = 1, notify: (String) -> Void) throws {
        let training = configuration.training
        // Of weights in parts the forecast counts all.
        if processCount > 1, training.zeroStage == 3, configuration.method == .dreamBooth {
            if training.fit {
                notify(
                    "Whether this fits is not foretold: the forecast knows no weights in parts "
                        + "(`zero-stage` 3).")
            }
            return
        }
        guard training.fit,
            let room = MemoryRoom(
                on: device, limit: training.deviceMemoryLimit,
                folder: processCount == 1 ? diskFolder : nil)
        else { return }
        let fitted = try FittedTraining(
            settings, on: device, room: room, processCount: processCount
        ) { try forecast($0) }
        guard !fitted.added.isEmpty else { return }
        settings = fitted.settings
        configuration = try settings.configuration()
        notify(
            "As it was told this training would need "
                + "\(ByteCount(fitted.untouched.memory.peak).text) of memory and there are "
                + "\(ByteCount(room.onDevice).text): taken to save some: "
                + "\(Self.options(fitted.added, settings)) "
                + "(\(ByteCount(fitted.forecast.memory.peak).text); `no-fit` leaves it as it is).")
    }

    /// Settings as they would be typed.
    static func options(_ names: [String], _ settings: RunSettings) -> String {
        arguments(names, settings).joined(separator: " ")
    }

    /// The same, for starting a program with.
    static func arguments(_ names: [String], _ settings: RunSettings) -> [String] {
        names.flatMap { name in
            settings[name] == "true" ? ["--\(name)"] : ["--\(name)", settings[name] ?? ""]
        }
    }

    /// The files that repeat the run; none for one that goes on with another, whose files are
    /// there already.
    func runFiles() throws -> [String: Data] {
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
