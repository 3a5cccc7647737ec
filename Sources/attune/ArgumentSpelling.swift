import Settings

/// Makes one spelling of the ways in which people type options.
///
/// Command lines for diffusers' scripts have underscores, and name some options otherwise.
enum ArgumentSpelling {
    private static let settings = TrainingMethod.allCases.flatMap { SettingTable.of($0).settings }

    /// Other names of options, after underscores have become hyphens.
    private static let otherNames = pairs { setting in
        setting.silentAliases.map { ($0, "--\(setting.name)") }
    }

    /// Options that are mere flags in diffusers and take a value here: the value that the bare
    /// flag stands for.
    private static let flagValues = pairs { setting in
        setting.bareValue.map { value in setting.names.map { ($0, value) } } ?? []
    }

    private static func pairs(_ pairs: (Setting) -> [(String, String)]) -> [String: String] {
        Dictionary(settings.flatMap(pairs).map { ("--\($0)", $1) }) { one, _ in one }
    }

    /// - Parameter arguments: what was typed, without the program's name.
    static func normalized(_ arguments: [String]) -> [String] {
        var result: [String] = []
        for (index, argument) in arguments.enumerated() {
            if argument == "--" { return result + arguments[index...] }
            // The parser would take a negative number for an option of its own.
            if argument.hasPrefix("-"), Double(argument) != nil,
                let option = result.last, option.hasPrefix("--"), !option.contains("=")
            {
                result[result.count - 1] = "\(option)=\(argument)"
                continue
            }
            guard argument.hasPrefix("--") else {
                result.append(argument)
                continue
            }
            let parts = argument.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let typed = String(parts[0]).replacing("_", with: "-")
            let name = otherNames[typed] ?? typed
            if parts.count == 2 {
                result.append("\(name)=\(parts[1])")
                continue
            }
            result.append(name)
            let next = index + 1 < arguments.count ? arguments[index + 1] : ""
            if let value = flagValues[name], Double(next) == nil { result.append(value) }
        }
        return result
    }
}
