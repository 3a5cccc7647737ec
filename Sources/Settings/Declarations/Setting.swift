/// One setting of a training, declared once: its names, its value's place and default, what it
/// may be, what it says and what it decides.
///
/// Command line, settings files, forms, the comparison of a resumed run with the first one,
/// provenance, reports and the metadata of written files all derive from it.
public struct Setting: Sendable {
    /// A change of a configuration's property.
    public typealias Path<Value> = WritableKeyPath<FineTuningConfiguration, Value> & Sendable

    /// What a setting decides.
    public enum Scope: String, Sendable, Equatable {
        /// The numbers that come out: a resumed run must have the same.
        case numbers
        /// Files that are read; what is in them decides the numbers, wherever they are.
        case data
        /// What is kept, shown and written, and how the same numbers are computed.
        case keeping
    }

    /// The name, with hyphens.
    public let name: String
    /// Other names, which the field has for it.
    public let aliases: [String]
    /// Names that are understood and not shown.
    public let silentAliases: [String]
    /// What it is, for people.
    public let help: String
    /// What kind of value it has.
    public let kind: SettingKind
    /// What its number may be; nil: anything.
    public let range: SettingRange?
    /// What it decides.
    public let scope: Scope
    /// What the bare name stands for, where a value may be left away.
    public let bareValue: String?
    /// The key under which kohya's trainer writes it into files.
    public let kohyaKey: String?
    /// A setting that has to be given as well.
    public let partner: String?

    private let idleness: @Sendable (FineTuningConfiguration) -> String?
    private let write:
        @Sendable ([String], inout FineTuningConfiguration) throws(UnreadableSetting) -> Void
    private let look: @Sendable (FineTuningConfiguration) -> [String]?

    /// Declares a setting.
    ///
    /// - Parameters:
    ///   - path: where its value is; what stands there by default is its default.
    ///   - kind: where it is another than the value's.
    ///   - idleness: why it decides nothing in a configuration: `without …`, `with …`.
    public init<Value: SettingValue>(
        _ name: String, _ path: any Path<Value>, _ help: String, also aliases: [String] = [],
        silently silentAliases: [String] = [], kind: SettingKind? = nil,
        range: SettingRange? = nil, scope: Scope = .numbers, bare bareValue: String? = nil,
        kohya kohyaKey: String? = nil, with partner: String? = nil,
        idle idleness: @escaping @Sendable (FineTuningConfiguration) -> String? = { _ in nil }
    ) {
        self.name = name
        self.aliases = aliases
        self.silentAliases = silentAliases
        self.help = help
        self.kind = kind ?? Value.kind
        self.range = range
        self.scope = scope
        self.bareValue = bareValue
        self.kohyaKey = kohyaKey
        self.partner = partner
        self.idleness = idleness
        write = { texts, configuration throws(UnreadableSetting) in
            configuration[keyPath: path] = try Value.read(texts)
        }
        look = { $0[keyPath: path].settingTexts }
    }

    /// What it is where nobody says anything, in one line; nil: left open.
    ///
    /// - Parameter method: whose default, where methods differ.
    public func defaultText(of method: TrainingMethod) -> String? {
        text(in: FineTuningConfiguration(method: method))
    }

    /// All names, the shown ones first.
    public var names: [String] { [name] + aliases + silentAliases }

    /// Whether its value is a list of texts.
    public var isList: Bool { kind == .list }

    /// Gives a configuration the value.
    ///
    /// - Throws: ``SettingError/option(name:value:problem:)`` for what is no value of it, or out
    ///   of its range.
    public func set(
        _ texts: [String], in configuration: inout FineTuningConfiguration
    ) throws(SettingError) {
        do throws(UnreadableSetting) {
            try write(texts, &configuration)
        } catch {
            throw refusal(texts, error.problem)
        }
    }

    /// The value in a configuration, as it is written; nil: left open.
    public func texts(in configuration: FineTuningConfiguration) -> [String]? {
        look(configuration)
    }

    /// Why it decides nothing in a configuration, as `without …`; nil: it does.
    public func idleness(in configuration: FineTuningConfiguration) -> String? {
        idleness(configuration)
    }

    /// The value in a configuration in one line; nil: left open.
    public func text(in configuration: FineTuningConfiguration) -> String? {
        look(configuration)?.joined(separator: " ")
    }

    /// Checks the value's range.
    ///
    /// - Throws: ``SettingError/option(name:value:problem:)``.
    func check(_ configuration: FineTuningConfiguration) throws(SettingError) {
        guard let range, let text = text(in: configuration), let number = Double(text),
            !range.contains(number)
        else { return }
        throw refusal([text], range.problem)
    }

    /// Checks the ranges of values that a change of the defaults brings.
    static func check(
        _ settings: [Setting], _ change: (inout FineTuningConfiguration) -> Void
    ) throws(SettingError) {
        var configuration = FineTuningConfiguration(instanceDataDir: "")
        change(&configuration)
        for setting in settings { try setting.check(configuration) }
    }

    private func refusal(_ texts: [String], _ problem: String) -> SettingError {
        let text = texts.joined(separator: " ")
        let isBare = text.isEmpty || text.contains { $0.isWhitespace }
        return .option(name: name, value: isBare ? "\"\(text)\"" : text, problem: problem)
    }
}
