import Files
import Foundation

/// The texts of photos that each have one.
public struct PhotoTexts: Codable, Sendable, Equatable {
    /// All different ones, in the order in which they are first met; then their other forms.
    public private(set) var texts: [String]
    /// For every photo, which of the texts it has.
    public let numbers: [Int]
    /// For every text that a photo has, the texts that rows have in its place; nil: itself.
    private var forms: [[Int]]?

    /// For every photo, the texts of which a row has one by chance; one that is likelier than
    /// others is there several times.
    public var choices: [[Int]] { numbers.indices.map { choices(of: $0) } }

    /// The same for one photo.
    func choices(of photo: Int) -> [Int] { forms?[numbers[photo]] ?? [numbers[photo]] }

    /// - Parameter captions: one for each photo.
    public init(_ captions: [String]) {
        var places: [String: Int] = [:]
        var texts: [String] = []
        numbers = captions.map { caption in
            if let place = places[caption] { return place }
            places[caption] = texts.count
            texts.append(caption)
            return texts.count - 1
        }
        self.texts = texts
    }

    /// The same with the forms of each text.
    func adding(forms: [[String]]) -> PhotoTexts {
        var result = self
        var places = Dictionary(uniqueKeysWithValues: texts.enumerated().map { ($1, $0) })
        result.forms = forms.map { forms in
            forms.map { form in
                if let place = places[form] { return place }
                places[form] = result.texts.count
                result.texts.append(form)
                return result.texts.count - 1
            }
        }
        return result
    }

    /// Of all captions in the photos' order, the first 16 digits of the SHA-256.
    public var fingerprint: String {
        var hash = SHA256()
        for number in numbers {
            hash.update(SHA256.digest(of: Data(texts[number].utf8)).bytes)
        }
        return hash.digest().hexadecimal(prefix: 16)
    }

    /// How many photos have a tag, by the tags: what stands between commas.
    package var tagCounts: [String: Int] {
        numbers.reduce(into: [:]) { result, number in
            let tags = texts[number].split(separator: ",").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            for tag in Set(tags) where !tag.isEmpty { result[tag, default: 0] += 1 }
        }
    }
}
