import Settings
import Foundation
import TestSupport
import Testing

/// Settings are declared once, and everything derives from the declarations: whatever is added to
/// a table arrives in all of these.
@Suite struct SettingTests {
    struct Declared: CustomTestStringConvertible {
        let method: TrainingMethod
        let setting: Setting
        var testDescription: String { "\(method.rawValue) \(setting.name)" }
    }

    static let declared = TrainingMethod.allCases.flatMap { method in
        SettingTable.of(method).settings.map { Declared(method: method, setting: $0) }
    }

    /// A value that is not the default.
    private static func sample(_ declared: Declared) -> [String] {
        let setting = declared.setting
        let initial = setting.defaultText(of: declared.method)
        switch (setting.name, setting.kind) {
        case ("learning-rate", _): return ["0.005:100, 1e-3:1000"]
        case ("lr-warmup-steps", _): return ["10%"]
        case ("layer-structure", _): return ["1.0, 3.0, 1.0"]
        case ("dropout-structure", _): return ["0.0, 0.5, 0.0"]
        case ("sizes", _): return ["768, 320"]
        case ("device-memory-limit", _): return ["8GB"]
        case ("optimizer-args", _): return ["d_coef=2.0", "growth_rate=1.5"]
        case (_, .flag): return [initial == "true" ? "false" : "true"]
        case (_, .wholeNumber): return ["7"]
        case (_, .number): return ["0.25"]
        case (_, .choice(let choices)): return [choices.last { $0 != initial } ?? ""]
        case (_, .text): return ["a \"text\": yes"]
        case (_, .file), (_, .folder): return ["some/place: 1"]
        case (_, .list): return ["one", "two words"]
        }
    }

    /// Configurations of which each setting decides something in one at least.
    private static func bases(_ method: TrainingMethod) throws -> [FineTuningConfiguration] {
        try [
            [], [("with-prior-preservation", "true")], [("loss-type", "huber")],
            [("lr-scheduler", "polynomial")], [("lr-scheduler", "cosine_with_restarts")],
            [("use-ema", "true")], [("target", "all")], [("validation-prompt", "p")],
            [("self-distillation", "true")], [("offload-param-device", "nvme")],
        ].compactMap { (told: [(String, String)]) in
            var result = FineTuningConfiguration(method: method)
            for (name, value) in told {
                guard let setting = SettingTable.of(method).setting(named: name) else { return nil }
                try setting.set([value], in: &result)
            }
            return result
        }
    }

    @Test(arguments: declared)
    func aValueArrivesAndComesBack(_ declared: Declared) throws {
        let setting = declared.setting
        var configuration = FineTuningConfiguration(method: declared.method)
        if let partner = setting.partner.flatMap(SettingTable.of(declared.method).setting) {
            try partner.set(["<word>"], in: &configuration)
        }
        let sample = Self.sample(declared)
        #expect(setting.texts(in: configuration) != sample)
        try setting.set(sample, in: &configuration)
        #expect(setting.texts(in: configuration) == sample)
        // And in a configuration that was written and read.
        let copy = try JSONDecoder().decode(
            FineTuningConfiguration.self, from: JSONEncoder().encode(configuration))
        #expect(setting.texts(in: copy) == sample)
    }

    @Test(arguments: declared)
    func aFileSaysItAgain(_ declared: Declared) throws {
        var settings = RunSettings(declared.method)
        try settings.set(declared.setting.name, to: Self.sample(declared))
        let folder = try TemporaryFolder()
        let file = folder("run.yaml")
        try Data(RunFile.text(of: settings).utf8).write(to: file)
        #expect(try RunFile.read(file.path, for: declared.method) == settings)
        // In all of its spellings, and as JSON.
        for name in declared.setting.names {
            let value: Any =
                declared.setting.isList
                ? Self.sample(declared) : Self.sample(declared).joined(separator: " ")
            let json = try JSONSerialization.data(
                withJSONObject: [name.replacing("-", with: "_"): value])
            try json.write(to: file)
            #expect(try RunFile.read(file.path, for: declared.method) == settings, "\(name)")
        }
    }

    @Test(arguments: declared)
    func whatDecidesNumbersIsCompared(_ declared: Declared) throws {
        let setting = declared.setting
        let base = try Self.bases(declared.method).first {
            setting.idleness(in: $0) == nil
                // Without prior preservation it only says of what the drift is measured.
                && (setting.name != "class-prompt" || $0.withPriorPreservation)
        }
        guard var configuration = base else {
            #expect(["revision", "variant"].contains(setting.name))
            return
        }
        if let partner = setting.partner.flatMap(SettingTable.of(declared.method).setting) {
            try partner.set(["<word>"], in: &configuration)
        }
        func compared(_ configuration: FineTuningConfiguration) throws -> String? {
            try configuration.comparedSettings(
                resolution: 64, stepCount: 10, modelHash: "m", captions: nil)[
                    setting.name]
        }
        let before = try compared(configuration)
        // What is in these is compared, not how they are named.
        guard setting.kind != .file, !["resolution", "model"].contains(setting.name) else { return }
        try setting.set(Self.sample(declared), in: &configuration)
        let after = try compared(configuration)
        switch setting.scope {
        case .numbers: #expect(before != nil && after != nil && before != after)
        case .data, .keeping: #expect(before == nil && after == nil)
        }
    }

    @Test(arguments: declared.filter { $0.setting.range != nil })
    func whatIsOutOfRangeIsRefused(_ declared: Declared) throws {
        let setting = declared.setting
        var configuration = FineTuningConfiguration(method: declared.method)
        configuration.instanceDataDir = "photos"
        if let partner = setting.partner.flatMap(SettingTable.of(declared.method).setting) {
            try partner.set(["<word>"], in: &configuration)
        }
        let error = #expect(throws: SettingError.self) {
            try setting.set(["-1"], in: &configuration)
            try configuration.validate()
        }
        #expect(error?.name == setting.name)
        #expect(error?.value?.hasPrefix("-1") == true)
    }

    @Test(arguments: declared.filter { $0.setting.kind == .flag })
    func offIsOff(_ declared: Declared) throws {
        let folder = try TemporaryFolder()
        let (file, name) = (folder("run.yaml"), declared.setting.name)
        for (text, isOn) in [
            ("\(name): false", false), ("\(name): no", false), ("\(name): off", false),
            ("\(name): \"false\"", false), ("no-\(name): true", false), ("no_\(name): yes", false),
            ("{\"\(name)\": false}", false), ("\(name): True", true), ("\(name): yes", true),
            ("no-\(name): false", true),
        ] {
            try Data(text.utf8).write(to: file)
            let settings = try RunFile.read(file.path, for: declared.method)
            #expect(settings[name] == String(isOn), "\(text)")
        }
        try Data("\(name): perhaps".utf8).write(to: file)
        #expect(throws: SettingsFileError.self) {
            try RunFile.read(file.path, for: declared.method)
        }
    }

    @Test func aNameThatIsNearIsNamed() throws {
        var settings = RunSettings(.lora)
        let error = #expect(throws: SettingError.self) {
            try settings.set("lerning_rate", to: "1")
        }
        #expect(error?.problem.contains("`learning-rate`") == true)
        #expect(throws: SettingError.self) { try settings.set("full-fp8", to: "true") }
    }

    @Test func aKeyThatIsGivenTwiceIsRefused() throws {
        let folder = try TemporaryFolder()
        let file = folder("run.yaml")
        for text in ["rank: 4\nrank: 8", "rank: 4\nnetwork_dim: 8"] {
            try Data(text.utf8).write(to: file)
            let error = #expect(throws: SettingsFileError.self) {
                try RunFile.read(file.path, for: .lora)
            }
            #expect(error?.description.contains("run.yaml") == true)
        }
    }

    @Test(arguments: [
        ([("use-8bit-adam", "true"), ("optimizer", "lion")], "use-8bit-adam"),
        ([("initializer-token", "robot")], "initializer-token"),
        ([("subjects", "list.yaml")], "instance-data-dir"),
    ])
    func settingsThatDoNotGoTogetherAreRefused(
        told: [(String, String)], name: String
    ) throws {
        var settings = RunSettings(.lora)
        try settings.set("instance-data-dir", to: "photos")
        for (name, value) in told { try settings.set(name, to: value) }
        let error = #expect(throws: SettingError.self) { try settings.configuration() }
        #expect(error?.name == name)
    }
}
