internal import Files
import Foundation

/// A JSON object, and where it came from.
///
/// The object is kept besides what is decoded of it, so that keys this program has no use for
/// survive a copy.
struct ConfigurationFile {
    /// What messages name.
    let path: String
    var object: [String: Any] { didSet { original = nil } }
    /// The bytes of the file, as long as nothing was changed.
    private var original: Data?

    init(path: String, object: [String: Any]) {
        self.path = path
        self.object = object
    }

    /// Reads a file of at most 64 MB.
    init(_ url: URL) throws {
        path = url.path
        let bytes = try WholeFile.read(url, limit: 64_000_000)
        // Python writes the infinities that schedulers have as defaults, which is not JSON.
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        guard let parsed = try? decoder.decode(AnyJSON.self, from: bytes),
            let object = parsed.value as? [String: Any]
        else {
            throw ModelError.configuration(
                path: url.path, reason: "it is not a JSON object; fetch it again")
        }
        self.object = object
        original = bytes
    }

    /// The text to write: the file's own, or indented with sorted keys, as diffusers writes it.
    func bytes() throws -> Data {
        if let original { return original }
        // An infinity is a default wherever it stands, and cannot be written.
        let object = object.filter { ($0.value as? Double)?.isFinite ?? true }
        var text = try JSONSerialization.data(
            withJSONObject: object,
            options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        text.append(0x0A)
        return text
    }

    func decoded<Value: Decodable>(as type: Value.Type) throws -> Value {
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        do {
            return try decoder.decode(type, from: try bytes())
        } catch let error as DecodingError {
            throw ModelError.configuration(path: path, reason: Self.explain(error))
        }
    }

    /// Refuses numbers that no network has, so that sums of them cannot overflow.
    func checkNumbers() throws {
        func check(_ value: Any, _ key: String) throws {
            if let list = value as? [Any] {
                guard list.count <= 64 else {
                    throw refusal(key, "a list of \(list.count)", "a list of at most 64")
                }
                for element in list { try check(element, key) }
            } else if let number = (value as? Int).map(Double.init) ?? (value as? Double),
                number.isFinite
            {
                guard abs(number) <= 1_000_000 else {
                    throw refusal(key, "\(number)", "a number of at most a million")
                }
            }
        }
        for (key, value) in object.sorted(by: { $0.key < $1.key }) { try check(value, key) }
        for key in ["norm_num_groups", "layers_per_block", "num_hidden_layers"] {
            if let number = object[key] as? Int, number < 1 {
                throw refusal(key, "\(number)", "a positive number")
            }
        }
    }

    private func refusal(_ key: String, _ found: String, _ expected: String) -> ModelError {
        .configuration(path: path, reason: "\(key) is \(found), expected \(expected)")
    }

    private static func explain(_ error: DecodingError) -> String {
        let context: DecodingError.Context
        switch error {
        case .keyNotFound(let key, _): return "the key \(key.stringValue) is missing"
        case .typeMismatch(_, let found), .valueNotFound(_, let found),
            .dataCorrupted(let found):
            context = found
        @unknown default: return String(describing: error)
        }
        let key = context.codingPath.map(\.stringValue).joined(separator: ".")
        let reason = context.debugDescription.trimmingCharacters(in: ["."])
        return key.isEmpty ? reason : "\(key): \(reason)"
    }
}

/// Any JSON value: Bool, Int, Double, String, `[Any]`, `[String: Any]` or NSNull.
private struct AnyJSON: Decodable {
    let value: Any

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            value = NSNull()
        } else if let flag = try? container.decode(Bool.self) {
            value = flag
        } else if let number = try? container.decode(Int.self) {
            value = number
        } else if let number = try? container.decode(Double.self) {
            value = number
        } else if let text = try? container.decode(String.self) {
            value = text
        } else if let list = try? container.decode([AnyJSON].self) {
            value = list.map(\.value)
        } else {
            value = try container.decode([String: AnyJSON].self).mapValues(\.value)
        }
    }
}
