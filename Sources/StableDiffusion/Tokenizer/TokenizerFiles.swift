/// The tokens with a role, as `tokenizer_config.json` and `special_tokens_map.json` name them.
struct TokenRoles: Decodable {
    var start: AddedToken?
    var end: AddedToken?
    var unknown: AddedToken?
    var padding: AddedToken?
    var separator: AddedToken?
    var classification: AddedToken?
    var mask: AddedToken?
    var additional: [AddedToken]?

    private enum CodingKeys: String, CodingKey {
        case start = "bos_token"
        case end = "eos_token"
        case unknown = "unk_token"
        case padding = "pad_token"
        case separator = "sep_token"
        case classification = "cls_token"
        case mask = "mask_token"
        case additional = "additional_special_tokens"
    }

    private static var members: [WritableKeyPath<TokenRoles, AddedToken?>] {
        [\.start, \.end, \.unknown, \.padding, \.separator, \.classification, \.mask]
    }

    /// Takes over what another file says.
    mutating func update(with newer: TokenRoles) {
        for member in Self.members {
            self[keyPath: member] = newer[keyPath: member] ?? self[keyPath: member]
        }
        let known = additional ?? []
        additional = known + (newer.additional ?? []).filter { !known.contains($0) }
    }

    /// The texts of all of them.
    var contents: Set<String> {
        Set(Self.members.compactMap { self[keyPath: $0]?.content })
            .union(additional?.map(\.content) ?? [])
    }

    var special: SpecialTokens {
        func marked(_ token: AddedToken) -> AddedToken {
            var token = token
            token.isSpecial = true
            return token
        }
        var special = SpecialTokens()
        if let start { special.start = marked(start) }
        if let end { special.end = marked(end) }
        if let unknown { special.unknown = marked(unknown) }
        if let padding { special.padding = marked(padding) }
        special.others = ([separator, classification, mask].compactMap { $0 } + (additional ?? []))
            .map(marked)
        return special
    }
}

/// `tokenizer_config.json`.
struct TokenizerConfiguration: Decodable {
    var roles: TokenRoles
    var addedTokens: [String: AddedToken]?
    var maximumLength: Double?

    private enum CodingKeys: String, CodingKey {
        case addedTokens = "added_tokens_decoder"
        case maximumLength = "model_max_length"
    }

    init(from decoder: any Decoder) throws {
        roles = try TokenRoles(from: decoder)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        addedTokens = try values.decodeIfPresent([String: AddedToken].self, forKey: .addedTokens)
        maximumLength = try values.decodeIfPresent(Double.self, forKey: .maximumLength)
    }
}

/// `tokenizer.json`, the format of the tokenizers library: of it the tables only, since how CLIP's
/// text is cut is known.
struct FastTokenizerFile: Decodable {
    struct Model: Decodable {
        var vocab: [String: Int]
        var merges: [MergePair]
    }

    /// A pair as newer files write it (two strings) or as older ones do (one, with a space).
    struct MergePair: Decodable {
        var first: String
        var second: String

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            let parts: [String]
            if let line = try? value.decode(String.self) {
                parts = line.unicodeScalars.split(separator: " ").map(String.init)
            } else {
                parts = try value.decode([String].self)
            }
            guard parts.count == 2 else {
                throw DecodingError.dataCorruptedError(
                    in: value, debugDescription: "a merge is a pair of symbols")
            }
            (first, second) = (parts[0], parts[1])
        }
    }

    struct Added: Decodable {
        var id: Int
        var token: AddedToken

        private enum CodingKeys: String, CodingKey { case id }

        init(from decoder: any Decoder) throws {
            id = try decoder.container(keyedBy: CodingKeys.self).decode(Int.self, forKey: .id)
            token = try AddedToken(from: decoder)
        }
    }

    var model: Model
    var addedTokens: [Added]?

    private enum CodingKeys: String, CodingKey {
        case model
        case addedTokens = "added_tokens"
    }
}
