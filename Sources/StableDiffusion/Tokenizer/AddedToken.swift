/// A token that is looked for in the text itself, before words are made and lowercased.
public struct AddedToken: Sendable, Hashable, Codable {
    /// The text that is the token, letter case and all.
    public var content: String
    /// Whether white space before the token goes with it.
    public var stripsLeft: Bool
    /// Whether white space after the token goes with it.
    public var stripsRight: Bool
    /// Whether the token counts only where spaces stand around it.
    public var isSingleWord: Bool
    /// Whether it is left out when ids are decoded.
    public var isSpecial: Bool
    /// A flag of the file format that only other tokenizers heed; kept for writing it back.
    public var isNormalized: Bool

    /// Makes a token; without flags it is what textual inversion adds.
    public init(
        _ content: String, stripsLeft: Bool = false, stripsRight: Bool = false,
        isSingleWord: Bool = false, isSpecial: Bool = false, isNormalized: Bool = true
    ) {
        self.content = content
        self.stripsLeft = stripsLeft
        self.stripsRight = stripsRight
        self.isSingleWord = isSingleWord
        self.isSpecial = isSpecial
        self.isNormalized = isNormalized
    }

    private enum CodingKeys: String, CodingKey {
        case content
        case stripsLeft = "lstrip"
        case isNormalized = "normalized"
        case stripsRight = "rstrip"
        case isSingleWord = "single_word"
        case isSpecial = "special"
    }

    /// Reads the object that transformers writes, or a plain string.
    public init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            self.init(text)
            return
        }
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try values.decode(String.self, forKey: .content),
            stripsLeft: try values.decodeIfPresent(Bool.self, forKey: .stripsLeft) ?? false,
            stripsRight: try values.decodeIfPresent(Bool.self, forKey: .stripsRight) ?? false,
            isSingleWord: try values.decodeIfPresent(Bool.self, forKey: .isSingleWord) ?? false,
            isSpecial: try values.decodeIfPresent(Bool.self, forKey: .isSpecial) ?? false,
            isNormalized: try values.decodeIfPresent(Bool.self, forKey: .isNormalized) ?? true)
    }
}
