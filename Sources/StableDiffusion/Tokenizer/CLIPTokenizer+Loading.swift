public import Foundation

extension CLIPTokenizer {
    /// Loads the `tokenizer` folder of a diffusers model.
    ///
    /// `vocab.json` and `merges.txt` are read where they are, `tokenizer.json` where only that is
    /// (transformers 5 writes no other). Special and added tokens come from
    /// `tokenizer_config.json`, or, in folders older than its `added_tokens_decoder`, from
    /// `special_tokens_map.json`, `added_tokens.json` and `tokenizer.json`, with the precedence
    /// that transformers 4 gives them.
    ///
    /// - Parameter directory: the folder that holds these files.
    /// - Throws: `TokenizerError`, naming the file and what is wrong with it.
    public init(directory: URL) throws {
        let folder = TokenizerFolder(directory: directory)
        let fast = try folder.decodeIfPresent(FastTokenizerFile.self, from: "tokenizer.json")
        let vocabulary: [String: Int]
        let merges: [(String, String)]
        let source: String
        if let table = try folder.decodeIfPresent([String: Int].self, from: "vocab.json"),
            let text = try folder.textIfPresent("merges.txt")
        {
            (vocabulary, merges, source) = (table, Self.merges(in: text), "vocab.json")
        } else if let model = fast?.model {
            (vocabulary, merges) = (model.vocab, model.merges.map { ($0.first, $0.second) })
            source = "tokenizer.json"
        } else {
            throw TokenizerError.noTokenizer(directory: directory.path)
        }
        try folder.check(vocabulary, merges: merges, file: source)

        let settings = try folder.settings(fast: fast)
        self.init(
            vocabulary: vocabulary, merges: merges, special: settings.special,
            added: settings.added, maximumLength: settings.maximumLength)
    }

    /// The pairs of a `merges.txt`: the first line is a heading, and CLIP's list has 48,894 at most.
    private static func merges(in text: String) -> [(String, String)] {
        let lines = text.unicodeScalars.split(omittingEmptySubsequences: false) {
            $0 == "\n" || $0 == "\r"
        }
        return lines.lazy.filter { !$0.isEmpty }.dropFirst().prefix(49152 - 256 - 2).compactMap {
            let parts = $0.split(separator: " ")
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
    }
}

/// What the files beside the vocabulary say.
private struct TokenizerSettings {
    var special = SpecialTokens()
    var added: [Int: AddedToken] = [:]
    var maximumLength = 77
}

/// The files of one tokenizer folder.
private struct TokenizerFolder {
    let directory: URL

    func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

    func dataIfPresent(_ name: String) throws -> Data? {
        guard FileManager.default.fileExists(atPath: path(name)) else { return nil }
        do {
            return try Data(contentsOf: directory.appendingPathComponent(name))
        } catch {
            throw TokenizerError.unreadable(file: path(name), reason: "the system refuses to")
        }
    }

    func textIfPresent(_ name: String) throws -> String? {
        guard let data = try dataIfPresent(name) else { return nil }
        guard let text = String(data: data, encoding: .utf8) else {
            throw TokenizerError.unreadable(file: path(name), reason: "it is not UTF-8 text")
        }
        return text
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, from name: String) throws -> Value? {
        guard let data = try dataIfPresent(name) else { return nil }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch let error as DecodingError {
            throw TokenizerError.unreadable(file: path(name), reason: Self.reason(error))
        }
    }

    func check(
        _ vocabulary: [String: Int], merges: [(String, String)], file: String
    ) throws {
        guard !vocabulary.isEmpty else {
            throw TokenizerError.invalid(
                file: path(file), key: "vocabulary", expected: "tokens", found: "none")
        }
        // A number is a row of the embedding table; there is no table of this many.
        let limit = 1 << 24
        if let (token, id) = vocabulary.first(where: { !(0..<limit).contains($0.value) }) {
            throw TokenizerError.invalid(
                file: path(file), key: "number of the token \"\(token)\"",
                expected: "0 to \(limit - 1)", found: "\(id)")
        }
    }

    func settings(fast: FastTokenizerFile?) throws -> TokenizerSettings {
        let file = try decodeIfPresent(TokenizerConfiguration.self, from: "tokenizer_config.json")
        var roles = file?.roles ?? TokenRoles()
        var settings = TokenizerSettings()
        if let added = file?.addedTokens {
            for (key, token) in added {
                guard let id = Int(key), (0..<(1 << 24)).contains(id) else {
                    throw TokenizerError.invalid(
                        file: path("tokenizer_config.json"), key: "added_tokens_decoder",
                        expected: "token numbers", found: "\"\(key)\"")
                }
                settings.added[id] = token
            }
        } else {
            if let map = try decodeIfPresent(TokenRoles.self, from: "special_tokens_map.json") {
                roles.update(with: map)
            }
            let more = try decodeIfPresent([String: Int].self, from: "added_tokens.json") ?? [:]
            for (content, id) in more {
                let isSpecial = roles.contents.contains(content)
                settings.added[id] = AddedToken(
                    content, isSpecial: isSpecial, isNormalized: !isSpecial)
            }
            for token in fast?.addedTokens ?? [] { settings.added[token.id] = token.token }
            if let (id, token) = settings.added.first(where: { $0.key < 0 || $0.key >= 1 << 24 }) {
                throw TokenizerError.invalid(
                    file: path("added_tokens.json"), key: "number of \"\(token.content)\"",
                    expected: "a token number", found: "\(id)")
            }
        }
        settings.special = roles.special
        guard settings.special.ordered.prefix(4).allSatisfy({ !$0.content.isEmpty }) else {
            throw TokenizerError.invalid(
                file: path("tokenizer_config.json"),
                key: "bos_token, eos_token, unk_token, pad_token",
                expected: "texts", found: "an empty one")
        }
        // An absurdly large number is how transformers writes that there is no limit.
        if let length = file?.maximumLength, length < 1e6 {
            guard length >= 2, length == length.rounded() else {
                throw TokenizerError.invalid(
                    file: path("tokenizer_config.json"), key: "model_max_length",
                    expected: "a whole number from 2", found: "\(length)")
            }
            settings.maximumLength = Int(length)
        }
        return settings
    }

    private static func reason(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "it lacks \"\(key.stringValue)\""
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "the value of \"\(context.codingPath.map(\.stringValue).joined(separator: "."))\" "
                + "is of another kind than expected"
        default: "it is not valid JSON"
        }
    }
}
