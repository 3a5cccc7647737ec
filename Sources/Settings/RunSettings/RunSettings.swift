import Foundation
import NN

/// What a run is told: a method, and texts for those of its settings that are given.
///
/// Command lines, settings files and forms make one; it makes the configuration of the run, and
/// the file that repeats it.
public struct RunSettings: Codable, Sendable, Equatable {
    /// How the model is taught.
    public let method: TrainingMethod
    /// By the names of the settings.
    public private(set) var values: [String: [String]] = [:]

    /// Nothing but a method.
    public init(_ method: TrainingMethod) { self.method = method }

    /// The settings that there are.
    public var table: SettingTable { .of(method) }

    /// What was given for a setting, by its name.
    public subscript(_ name: String) -> String? { values[name]?.joined(separator: " ") }

    /// Gives a setting a value in place of the one it has.
    ///
    /// - Parameters:
    ///   - name: in any of its spellings, with `no-` in front for a flag that is off.
    ///   - texts: one, or several for a list.
    /// - Throws: ``SettingError/option(name:value:problem:)`` for a name that no setting has, or
    ///   a text that is no value of it.
    public mutating func set(_ name: String, to texts: [String]) throws(SettingError) {
        let (setting, isOpposite) = try Self.find(name, in: table)
        var texts = texts.isEmpty ? [setting.bareValue ?? "true"] : texts
        if setting.kind == .flag {
            // "no" and "off" are off, and written so.
            var scratch = FineTuningConfiguration(method: method)
            try setting.set(texts, in: &scratch)
            let isOn = (try? Bool.read(texts)) ?? false
            texts = [String(isOn != isOpposite)]
        }
        var scratch = FineTuningConfiguration(method: method)
        try setting.set(texts, in: &scratch)
        values[setting.name] = texts
    }

    /// Gives a setting a value in place of the one it has.
    public mutating func set(_ name: String, to text: String) throws(SettingError) {
        try set(name, to: [text])
    }

    /// Leaves a setting open.
    public mutating func remove(_ name: String) { values[name] = nil }

    static func find(
        _ name: String, in table: SettingTable
    ) throws(SettingError) -> (setting: Setting, isOpposite: Bool) {
        if let setting = table.setting(named: name) { return (setting, false) }
        if name.hasPrefix("no-") || name.hasPrefix("no_"),
            let setting = table.setting(named: String(name.dropFirst(3))), setting.kind == .flag
        {
            return (setting, true)
        }
        let advice = table.nearest(to: name).map { "; `\($0)` comes nearest." } ?? "."
        throw .option(
            name: name, value: nil,
            problem: "there is no such setting of \(table.method.rawValue)"
                + advice)
    }

    /// These, and others' values where these have none.
    public func completed(by others: RunSettings) -> RunSettings {
        var result = self
        result.values.merge(others.values) { mine, _ in mine }
        // Two names of one thing: the later word counts.
        for (name, other) in Self.alternatives where values[name] != nil && values[other] == nil {
            result.values[other] = nil
        }
        return result
    }

    /// Settings of which one is given in the other's place.
    private static let alternatives = [
        ("subjects", "instance-data-dir"), ("subjects", "instance-prompt"),
        ("subjects", "class-data-dir"), ("subjects", "class-prompt"),
        ("instance-data-dir", "subjects"), ("use-8bit-adam", "optimizer"),
        ("optimizer", "use-8bit-adam"), ("num-train-epochs", "max-train-steps"),
    ]

    /// The configuration of the run; what is not given has its default.
    ///
    /// - Throws: ``SettingError/option(name:value:problem:)``; `FileError` for a list of subjects
    ///   that cannot be read.
    public func configuration() throws -> FineTuningConfiguration {
        try checkTogether()
        var result = FineTuningConfiguration(method: method)
        for setting in table.settings {
            if let texts = values[setting.name] { try setting.set(texts, in: &result) }
        }
        if let file = result.subjectsFile { result.subjects = try SubjectsFile(file).subjects }
        if impliesTextEncoder { result.trainTextEncoder = true }
        return result
    }

    /// Whoever gives the text encoder a rate or an end wants it trained.
    var impliesTextEncoder: Bool {
        values["train-text-encoder"] == nil
            && ["text-encoder-lr", "stop-text-encoder-training"].contains { values[$0] != nil }
            && table.setting(named: "train-text-encoder") != nil
    }

    /// Checks which settings are given beside which.
    private func checkTogether() throws(SettingError) {
        for setting in table.settings {
            guard let partner = setting.partner, values[setting.name] != nil,
                values[partner] == nil
            else { continue }
            throw .option(
                name: setting.name, value: self[setting.name], problem: "needs `\(partner)`.")
        }
        if values["use-8bit-adam"] == ["true"], let optimizer = self["optimizer"],
            (try? OptimizerKind.read([optimizer])) != .adamW8bit
        {
            throw .option(
                name: "use-8bit-adam", value: nil,
                problem: "does not go with `optimizer` \(optimizer); leave one of the two away.")
        }
        if values["subjects"] != nil {
            for name in ["instance-data-dir", "instance-prompt", "class-data-dir", "class-prompt"] {
                guard let value = self[name] else { continue }
                throw .option(
                    name: name, value: "\"\(value)\"",
                    problem: "does not go with `subjects`; write \(name) into its file, for each "
                        + "subject.")
            }
        } else if method == .textualInversion {
            try require("train-data-dir", "name the folder with the photos.")
            try require("placeholder-token", "give a new word such as <my-robot>.")
        } else {
            try require(
                "instance-data-dir",
                "name the folder with the photos, or give `subjects`, a file with several.")
        }
    }

    private func require(_ name: String, _ advice: String) throws(SettingError) {
        guard values[name] == nil else { return }
        throw .option(name: name, value: nil, problem: advice)
    }
}

extension RunSettings {
    /// How photos and captions become examples, where nothing else is told.
    ///
    /// - Throws: ``SettingError/option(name:value:problem:)``.
    package func dataConfiguration() throws(SettingError) -> DataConfiguration {
        var result = FineTuningConfiguration(method: method)
        for setting in table.settings(in: .data) {
            if let texts = values[setting.name] { try setting.set(texts, in: &result) }
        }
        try result.data.validate()
        return result.data
    }
}
