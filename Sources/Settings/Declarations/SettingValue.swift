public import NN
public import StableDiffusion

/// A text that is no value of a setting; `problem` says what was expected.
public struct UnreadableSetting: Error, Sendable {
    /// `must be a whole number.`
    public let problem: String
}

/// What a setting can hold, with the one way in which it is written and read: on command lines,
/// in settings files, in records.
public protocol SettingValue: Sendable, Equatable {
    /// What kind of value it is.
    static var kind: SettingKind { get }

    /// Reads what was written: one text, or several where the kind is a list.
    static func read(_ texts: [String]) throws(UnreadableSetting) -> Self

    /// As it is written; nil for what is left open.
    var settingTexts: [String]? { get }
}

extension Optional: SettingValue where Wrapped: SettingValue {
    /// The kind of field.
    public static var kind: SettingKind { Wrapped.kind }

    /// Reads what was written.
    public static func read(_ texts: [String]) throws(UnreadableSetting) -> Wrapped? {
        try Wrapped.read(texts)
    }

    /// As it is written.
    public var settingTexts: [String]? { flatMap(\.settingTexts) }
}

extension Bool: SettingValue {
    /// The kind of field.
    public static let kind = SettingKind.flag

    /// Reads the words that YAML, JSON, Python and people have for it.
    public static func read(_ texts: [String]) throws(UnreadableSetting) -> Bool {
        switch texts.joined().lowercased() {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0": return false
        default: throw UnreadableSetting(problem: "must be true or false.")
        }
    }

    /// As it is written.
    public var settingTexts: [String]? { [String(self)] }
}

extension String: SettingValue {
    /// The kind of field.
    public static let kind = SettingKind.text

    /// Reads what was written.
    public static func read(_ texts: [String]) throws(UnreadableSetting) -> String {
        try single(texts)
    }

    /// As it is written.
    public var settingTexts: [String]? { [self] }

    fileprivate static func single(_ texts: [String]) throws(UnreadableSetting) -> String {
        guard texts.count == 1 else {
            throw UnreadableSetting(problem: "takes one value, and \(texts.count) were given.")
        }
        return texts[0]
    }
}

extension Int: SettingValue {
    /// The kind of field.
    public static let kind = SettingKind.wholeNumber

    /// Reads what was written.
    public static func read(_ texts: [String]) throws(UnreadableSetting) -> Int {
        guard let value = Int(try String.single(texts)) else {
            throw UnreadableSetting(problem: "must be a whole number.")
        }
        return value
    }

    /// As it is written.
    public var settingTexts: [String]? { [String(self)] }
}

extension UInt64: SettingValue {
    /// The kind of field.
    public static let kind = SettingKind.wholeNumber

    /// Reads what was written.
    public static func read(_ texts: [String]) throws(UnreadableSetting) -> UInt64 {
        guard let value = UInt64(try String.single(texts)) else {
            throw UnreadableSetting(problem: "must be a whole number from 0 to \(UInt64.max).")
        }
        return value
    }

    /// As it is written.
    public var settingTexts: [String]? { [String(self)] }
}

extension Double: SettingValue {
    /// The kind of field.
    public static let kind = SettingKind.number

    /// Reads what was written.
    public static func read(_ texts: [String]) throws(UnreadableSetting) -> Double {
        guard let value = Double(try String.single(texts)) else {
            throw UnreadableSetting(problem: "must be a number.")
        }
        return value
    }

    /// As it is written.
    public var settingTexts: [String]? { [String(self)] }
}

/// Numbers with commas between them, in one text.
extension Array: SettingValue where Element: SettingNumber {
    /// The kind of field.
    public static var kind: SettingKind { .text }

    /// Reads what was written.
    public static func read(_ texts: [String]) throws(UnreadableSetting) -> [Element] {
        var values: [Element] = []
        for part in try String.single(texts).split(separator: ",") {
            guard let value = try? Element.read([String(part.filter { !$0.isWhitespace })]) else {
                throw UnreadableSetting(
                    problem: "expected \(Element.plural) with commas between them, such as "
                        + "\(Element.example).")
            }
            values.append(value)
        }
        return values
    }

    /// As it is written.
    public var settingTexts: [String]? {
        [map { $0.settingTexts?.joined() ?? "" }.joined(separator: ", ")]
    }
}

/// A number that lists are made of.
public protocol SettingNumber: SettingValue {
    /// What several of it are called.
    static var plural: String { get }
    /// A list of it.
    static var example: String { get }
}

extension Int: SettingNumber {
    /// What several are called.
    public static let plural = "whole numbers"
    /// A list.
    public static let example = "768, 320"
}

extension Double: SettingNumber {
    /// What several are called.
    public static let plural = "numbers"
    /// A list.
    public static let example = "1, 2, 1"
}

/// A choice among names; spelled with hyphens or underscores, in upper or lower case.
public protocol SettingChoice: SettingValue, RawRepresentable, CaseIterable
where RawValue == String {}

extension SettingChoice {
    /// The kind of field.
    public static var kind: SettingKind { .choice(allCases.map(\.rawValue)) }

    /// Reads what was written.
    public static func read(_ texts: [String]) throws(UnreadableSetting) -> Self {
        func plain(_ name: String) -> String {
            name.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }
        }
        let text = plain(try String.single(texts))
        guard let value = allCases.first(where: { plain($0.rawValue) == text }) else {
            let names = allCases.map(\.rawValue).joined(separator: ", ")
            throw UnreadableSetting(problem: "there is no such choice; expected one of \(names).")
        }
        return value
    }

    /// As it is written.
    public var settingTexts: [String]? { [rawValue] }
}

extension LearningRateSchedule.Curve: SettingChoice {}
extension OptimizerKind: SettingChoice {}
extension AdapterConfiguration.Kind: SettingChoice {}
extension AdapterConfiguration.Preset: SettingChoice {}
extension AdapterWriter.Format: SettingChoice {}
extension HypernetworkActivation: SettingChoice {}
extension HypernetworkConfiguration.WeightInitialization: SettingChoice {}
extension LossKind: SettingChoice {}
extension OffloadDevice: SettingChoice {}
extension HuberSchedule: SettingChoice {}
extension LoRAConfiguration.SavePrecision: SettingChoice {}
extension RecordConfiguration.Target: SettingChoice {}
extension TextualInversionConfiguration.Property: SettingChoice {}
extension TrainingConfiguration.Precision: SettingChoice {}

extension Warmup: SettingValue {
    /// The kind of field.
    public static let kind = SettingKind.text

    /// Reads what was written.
    public static func read(_ texts: [String]) throws(UnreadableSetting) -> Warmup {
        do {
            return try Warmup(try String.single(texts))
        } catch {
            throw UnreadableSetting(
                problem: "must be a number of steps or a share of the run: 100 or 10%.")
        }
    }

    /// As it is written.
    public var settingTexts: [String]? { [description] }
}
