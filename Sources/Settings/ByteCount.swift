import Foundation

/// A size in memory, as people write it: `8GB`, `7.5 GiB`, `900MB`.
public struct ByteCount: Codable, Sendable, Equatable, CustomStringConvertible {
    /// The bytes.
    public let bytes: Int

    /// A size.
    public init(_ bytes: Int) { self.bytes = bytes }

    // Graphics cards are sold in units of 2^30 bytes that are called GB.
    private static let units: [(name: String, power: Int)] = [
        ("kb", 10), ("kib", 10), ("mb", 20), ("mib", 20), ("gb", 30), ("gib", 30), ("k", 10),
        ("m", 20), ("g", 30), ("b", 0),
    ]

    /// As it is shown, in the units that it is typed in: `7.5 GiB`, `350 MiB`.
    public var text: String {
        let megabytes = Double(bytes) / Double(1 << 20)
        return megabytes < 1024
            ? String(format: "%.0f MiB", megabytes) : String(format: "%.1f GiB", megabytes / 1024)
    }

    /// As it is typed; what is no whole number of MB comes in bytes.
    public var description: String {
        bytes % (1 << 30) == 0
            ? "\(bytes >> 30)GB" : bytes % (1 << 20) == 0 ? "\(bytes >> 20)MB" : "\(bytes)B"
    }
}

extension ByteCount: SettingValue {
    /// The kind of field.
    public static let kind = SettingKind.text

    /// Reads a number and a unit; a number alone is in bytes.
    public static func read(_ texts: [String]) throws(UnreadableSetting) -> ByteCount {
        let text = try String.read(texts).lowercased().filter { !$0.isWhitespace }
        let unit = units.first { text.hasSuffix($0.name) }
        let number = Double(text.dropLast(unit?.name.count ?? 0))
        guard let number, number.isFinite, number > 0,
            let bytes = Int(exactly: (number * pow(2, Double(unit?.power ?? 0))).rounded())
        else {
            throw UnreadableSetting(problem: "must be a size such as 8GB or 900MB.")
        }
        return ByteCount(bytes)
    }

    /// As it is written.
    public var settingTexts: [String]? { [description] }
}
