import Crypto
import Foundation

/// The texts of photos that each have one.
public struct PhotoTexts: Codable, Sendable, Equatable {
    /// All different ones, in the order in which they are first met.
    public let texts: [String]
    /// For every photo, which of the texts it has.
    public let numbers: [Int]

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

    /// Of all captions in the photos' order, the first 16 digits of the SHA-256.
    public var fingerprint: String {
        var hash = SHA256()
        for number in numbers {
            hash.update(data: SHA256.hash(data: Data(texts[number].utf8)).map { $0 })
        }
        return hash.finalize().prefix(8).map { String(format: "%02x", $0) }.joined()
    }

    /// How many photos have a tag, by the tags: what stands between commas.
    var tagCounts: [String: Int] {
        numbers.reduce(into: [:]) { result, number in
            let tags = texts[number].split(separator: ",").map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            for tag in Set(tags) where !tag.isEmpty { result[tag, default: 0] += 1 }
        }
    }
}
