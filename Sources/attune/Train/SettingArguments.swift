import ArgumentParser
import Settings

/// The settings that one group of options has.
protocol SettingPlace {
    static var method: TrainingMethod { get }
    static var settings: [Setting] { get }
}

/// The options of a group, made from the declarations of its settings.
///
/// ArgumentParser finds options by reflection and fills them by decoding, so a type that says
/// itself what it reflects can take them from a list.
struct SettingArguments<Place: SettingPlace>: ParsableArguments, CustomReflectable {
    /// What was typed, by the names of the settings.
    private(set) var given: [(name: String, texts: [String])] = []

    init() {}

    /// What was typed for one of them, in one line.
    subscript(_ name: String) -> String? {
        given.first { $0.name == name }?.texts.joined(separator: " ")
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for setting in Place.settings {
            let key = Key(stringValue: setting.name)
            var texts: [String]?
            switch setting.kind {
            case .flag:
                let value = try container.decode(Flag<Bool?>.self, forKey: key).wrappedValue
                texts = value.map { [String($0)] }
            case .list:
                let values = try container.decode(Option<[String]>.self, forKey: key).wrappedValue
                texts = values.isEmpty ? nil : values
            default:
                let value = try container.decode(Option<String?>.self, forKey: key).wrappedValue
                texts = value.map { [$0] }
            }
            if let texts { given.append((setting.name, texts)) }
        }
    }

    var customMirror: Mirror {
        Mirror(
            self,
            children: Place.settings.map { (label: "_" + $0.name, value: Self.argument($0)) },
            displayStyle: .struct)
    }

    /// What ArgumentParser would find in a property.
    private static func argument(_ setting: Setting) -> Any {
        let names = NameSpecification(
            ([setting.name] + setting.aliases).map { .customLong($0) })
        let help = ArgumentHelp(stringLiteral: OptionHelp.text(of: setting, Place.method))
        switch setting.kind {
        case .flag: return Flag<Bool?>(name: names, inversion: .prefixedNo, help: help)
        case .list:
            return Option<[String]>(
                wrappedValue: [], name: names, parsing: .upToNextOption, help: help)
        case .choice(let choices):
            return Option<String?>(name: names, help: help, completion: .list(choices))
        case .file: return Option<String?>(name: names, help: help, completion: .file())
        case .folder: return Option<String?>(name: names, help: help, completion: .directory)
        case .text, .wholeNumber, .number: return Option<String?>(name: names, help: help)
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

/// What help says of a setting.
enum OptionHelp {
    static func text(of setting: Setting, _ method: TrainingMethod) -> String {
        let help = Wording.help(setting.help)
        let initial = setting.defaultText(of: method)
        var facts: [String] = []
        if case .choice(let choices) = setting.kind {
            facts.append("values: " + choices.joined(separator: ", "))
        }
        if !help.contains("(default:"), !help.contains("(by "), let initial, !initial.isEmpty {
            if setting.kind != .flag {
                facts.append("default: \(initial)")
            } else if initial == "true" {
                facts.append("default: --\(setting.name)")
            }
        }
        return facts.isEmpty ? help : "\(help) (\(facts.joined(separator: "; ")))"
    }
}
