public import Foundation

extension CLIPTokenizer {
    /// Writes a `tokenizer` folder as diffusers and transformers read it: `vocab.json`,
    /// `merges.txt`, `tokenizer_config.json` and `special_tokens_map.json`.
    ///
    /// - Parameter directory: the folder; it is made where it is missing. Each file is written to
    ///   a temporary name, flushed to the disk and renamed.
    /// - Throws: what the system says when a file cannot be written.
    public func write(to directory: URL) throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let heading = "#version: 0.2\n"
        let lines = merges.map { "\($0.0) \($0.1)\n" }.joined()
        try Self.write(Data((heading + lines).utf8), "merges.txt", in: directory)
        try Self.write(try vocabularyJSON(), "vocab.json", in: directory)

        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let roles = WrittenRoles(
            bos_token: special.start.content, eos_token: special.end.content,
            unk_token: special.unknown.content, pad_token: special.padding.content)
        try Self.write(try encoder.encode(roles), "special_tokens_map.json", in: directory)
        let configuration = WrittenConfiguration(
            added_tokens_decoder: Dictionary(
                uniqueKeysWithValues: added.map { (String($0.key), $0.value) }),
            bos_token: roles.bos_token, eos_token: roles.eos_token, unk_token: roles.unk_token,
            pad_token: roles.pad_token, model_max_length: maximumLength)
        try Self.write(try encoder.encode(configuration), "tokenizer_config.json", in: directory)
    }

    /// The vocabulary as one object, ordered by number so that a person can read it.
    private func vocabularyJSON() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        var data = Data("{".utf8)
        var separator = "\n  "
        for (symbol, id) in vocabulary.sorted(by: { $0.value < $1.value }) {
            data.append(Data(separator.utf8))
            data.append(try encoder.encode(symbol))
            data.append(Data(": \(id)".utf8))
            separator = ",\n  "
        }
        data.append(Data("\n}\n".utf8))
        return data
    }

    private static func write(_ data: Data, _ name: String, in directory: URL) throws {
        let temporary = directory.appendingPathComponent(".\(name).\(UUID().uuidString)")
        do {
            try data.write(to: temporary)
            let file = try FileHandle(forWritingTo: temporary)
            try file.synchronize()
            try file.close()
            let target = directory.appendingPathComponent(name)
            guard rename(temporary.path, target.path) == 0 else {
                throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: target.path])
            }
        } catch {
            try? FileManager.default.removeItem(at: temporary)
            throw error
        }
    }
}

// The members are spelled as the file's keys.

private struct WrittenRoles: Encodable {
    var bos_token: String
    var eos_token: String
    var unk_token: String
    var pad_token: String
}

private struct WrittenConfiguration: Encodable {
    var added_tokens_decoder: [String: AddedToken]
    var bos_token: String
    var eos_token: String
    var unk_token: String
    var pad_token: String
    var clean_up_tokenization_spaces = false
    var errors = "replace"
    var model_max_length: Int
    var tokenizer_class = "CLIPTokenizer"
}
