import Files
import Foundation
import Imaging

/// Photos that look like another one.
struct PhotoTwins {
    /// One pair: places among the photos, the earlier one first.
    struct Pair: Equatable {
        let first: Int
        let second: Int
        /// Whether the files are the same byte for byte.
        let isCopy: Bool
    }

    /// For every photo that looks like an earlier one, the first such.
    let pairs: [Pair]

    /// Compares all photos whose traits are known.
    init(_ photos: [PhotoFolder.Photo]) {
        pairs = photos.indices.compactMap { second in
            guard let traits = photos[second].traits else { return nil }
            let first = photos[..<second].firstIndex { photo in
                photo.traits.map { $0.isTwin(of: traits) } ?? false
            }
            guard let first else { return nil }
            return Pair(
                first: first, second: second,
                isCopy: Self.haveSameBytes(photos[first].url, photos[second].url))
        }
    }

    private static func haveSameBytes(_ first: URL, _ second: URL) -> Bool {
        guard let one = try? WholeFile.read(first), let other = try? WholeFile.read(second) else {
            return false
        }
        return one == other
    }

    /// What to say before training, in one sentence; nil where there are none.
    func notice(_ photos: [PhotoFolder.Photo]) -> String? {
        guard let pair = pairs.first else { return nil }
        let (first, second) = (photos[pair.first].url, photos[pair.second].url)
        return
            "\(pairs.count) photo(s) look like another one, first \(second.readableName) like "
            + "\(first.readableName): what is there twice counts twice, so take one away "
            + "unless that is meant."
    }
}
