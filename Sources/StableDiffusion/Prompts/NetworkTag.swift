internal import Files

/// A file that a prompt asks for, such as `<lora:robot:0.8>`.
///
/// Source: `ExtraNetworkLora` and `ExtraNetworkHypernet` of the A1111 web UI: a LoRA's first number
/// is the text encoder's, and the U-Net's too where no second one follows.
public struct NetworkTag: Sendable, Equatable {
    /// What the file holds.
    public enum Kind: String, Sendable, Codable {
        /// LoRA and its kin; also written `lyco`.
        case lora
        /// A hypernetwork.
        case hypernetwork
    }

    /// As it stands in the prompt.
    public let text: String
    /// What the file holds.
    public let kind: Kind
    /// The file's name without its ending.
    public let name: String
    /// How much it counts in the U-Net.
    public let strength: Double
    /// How much it counts in the text encoder, which only LoRA changes.
    public let textEncoderStrength: Double

    /// Takes the tags out of a prompt.
    ///
    /// - Returns: the text without them, and the tags in their order.
    /// - Throws: ``PromptError`` for a tag of an unknown kind or with what is no number.
    public static func separate(
        _ prompt: String
    ) throws(PromptError) -> (text: String, tags: [NetworkTag]) {
        let scalars = Array(prompt.unicodeScalars)
        var rest: [Unicode.Scalar] = []
        var tags: [NetworkTag] = []
        var place = 0
        while place < scalars.count {
            if let tag = extent(in: scalars, at: place) {
                tags.append(
                    try NetworkTag(
                        String(scalars[place..<tag.end]),
                        kind: String(scalars[(place + 1)..<tag.colon]),
                        arguments: String(scalars[(tag.colon + 1)..<(tag.end - 1)])))
                place = tag.end
            } else {
                rest.append(scalars[place])
                place += 1
            }
        }
        return (tags.isEmpty ? prompt : String(rest), tags)
    }

    /// Whether a tag stands in a text, of a known kind or one that seems mistyped.
    static func stands(in prompt: String) -> Bool {
        let scalars = Array(prompt.unicodeScalars)
        return scalars.indices.contains { start in
            guard let tag = extent(in: scalars, at: start) else { return false }
            return nearestKind(to: String(scalars[(start + 1)..<tag.colon])) != nil
        }
    }

    private static func nearestKind(to kind: String) -> String? {
        EditDistance.nearest(to: kind.lowercased(), among: kinds.keys)
    }

    private static let kinds: [String: Kind] = [
        "lora": .lora, "lyco": .lora, "hypernet": .hypernetwork,
    ]

    private static func extent(
        in text: [Unicode.Scalar], at start: Int
    ) -> (colon: Int, end: Int)? {
        guard text[start] == "<" else { return nil }
        var colon = start + 1
        while colon < text.count, text[colon].isInsidePromptWord { colon += 1 }
        guard colon > start + 1, colon < text.count, text[colon] == ":",
            let close = text[(colon + 1)...].firstIndex(of: ">"), close > colon + 1
        else { return nil }
        return (colon, close + 1)
    }

    private init(_ text: String, kind: String, arguments: String) throws(PromptError) {
        guard let known = Self.kinds[kind] else {
            throw .unknownTag(text, nearest: Self.nearestKind(to: kind))
        }
        self.text = text
        self.kind = known
        var placed: [String] = []
        var named: [String: String] = [:]
        for argument in arguments.split(separator: ":", omittingEmptySubsequences: false) {
            let parts = argument.split(separator: "=", maxSplits: 1)
            if parts.count == 2, !placed.isEmpty {
                named[parts[0].trimmed] = parts[1].trimmed
            } else {
                placed.append(argument.trimmed)
            }
        }
        name = placed.first ?? ""
        guard !name.isEmpty else { throw .namelessTag(text) }
        let isLoRA = known == .lora
        let form = isLoRA ? "<lora:NAME:0.8> or <lora:NAME:te=0.5:unet=0.8>" : "<hypernet:NAME:0.8>"
        if let extra = placed.dropFirst(isLoRA ? 3 : 2).first
            ?? named.keys.sorted().first(where: { !isLoRA || !["te", "unet"].contains($0) })
        {
            throw .tagArgument(text, found: extra, known: form)
        }
        func number(_ place: Int, _ key: String, _ other: Double) throws(PromptError) -> Double {
            guard let found = named[key] ?? placed.dropFirst(place).first else { return other }
            guard let number = Double(found), number.isFinite else {
                throw .tagNumber(text, found: found)
            }
            return number
        }
        textEncoderStrength = try number(1, "te", 1)
        strength = isLoRA ? try number(2, "unet", textEncoderStrength) : textEncoderStrength
    }
}

extension StringProtocol {
    fileprivate var trimmed: String { String(Array(unicodeScalars).trimmed) }
}
