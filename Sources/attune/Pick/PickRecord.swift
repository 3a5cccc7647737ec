import Evaluation
import Files
import Foundation

/// `pick.json`: every figure, the best first.
struct PickRecord: Codable {
    struct Picture: Codable {
        let file: String
        let score: Double
        let match: Double?
        let faithfulness: Double?
        let sharpness: Double
        /// A better picture that is nearly the same.
        let twinOf: String?
    }

    let pictures: [Picture]
    /// The files beside it that belong to it.
    var written: [String] = []

    init(_ files: [URL], _ figures: [PictureRanking.Figures], _ ranking: PictureRanking) {
        pictures = ranking.places.map { place in
            let figures = figures[place.picture]
            return Picture(
                file: files[place.picture].lastPathComponent, score: place.score,
                match: figures.match, faithfulness: figures.faithfulness,
                sharpness: figures.sharpness,
                twinOf: place.twin.map { files[$0].lastPathComponent })
        }
    }

    /// Reads one.
    init(_ url: URL) throws {
        do {
            self = try JSONDecoder().decode(
                PickRecord.self, from: WholeFile.read(url, limit: 100_000_000))
        } catch is DecodingError {
            throw FileError(.read, url, reason: "it is no record of attune pick; move it away")
        }
    }

    func write(to url: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(encoder.encode(self), to: url)
    }
}
