import Evaluation
import Files
import Foundation
import Imaging
import Painting

/// The contact sheets of a choice, the best picture first.
enum PickSheets {
    static func isSheet(_ name: String) -> Bool {
        name.hasPrefix("sheet-") && name.hasSuffix(".png")
    }

    /// Whether a file is a sheet of an earlier choice, by what it says of itself.
    static func isSheet(_ file: URL) -> Bool {
        guard isSheet(file.lastPathComponent) else { return false }
        return (try? PNGText.leading(keyword, of: file)) ?? nil != nil
    }

    private static let keyword = "attune-pick"

    static func name(_ number: Int) -> String {
        NumberedFiles.name(start: "sheet-", number: number, digitCount: 4, end: ".png")
    }

    /// How many there are of so many pictures.
    static func count(of pictures: Int) -> Int {
        (pictures + ContactSheets.cellLimit - 1) / ContactSheets.cellLimit
    }

    /// - Returns: their names.
    static func write(
        _ files: [URL], _ figures: [PictureRanking.Figures], _ ranking: PictureRanking,
        to folder: URL
    ) throws -> [String] {
        var numbers: [Int: Int] = [:]
        for place in ranking.places where place.twin == nil {
            numbers[place.picture] = numbers.count + 1
        }
        let size = ContactSheets.cellLimit
        let taken = Set(files.map(\.lastPathComponent))
        var number = 0
        return try (0..<count(of: files.count)).map { sheet in
            let places = ranking.places.dropFirst(sheet * size).prefix(size)
            let cells = try places.map { place in
                try PhotoReader.read(files[place.picture]).reduced(to: cellPixelLimit)
            }
            let labels = places.map { place -> String in
                let number =
                    place.twin.flatMap { numbers[$0] }.map { "like \($0)" }
                    ?? "\(numbers[place.picture] ?? 0)"
                let own = figures[place.picture]
                let values = [
                    own.match.map { "match \(short($0))" },
                    own.faithfulness.map { "prompt \(short($0))" },
                ].compactMap(\.self).joined(separator: " · ")
                return "\(number) · \(files[place.picture].lastPathComponent)\n\(values)"
            }
            let picture = ContactSheet.make(
                cells: cells, columns: ContactSheet.columns(for: cells.count), labels: labels)
            // A picture that is copied may have such a name.
            while taken.contains(name(number)) { number += 1 }
            defer { number += 1 }
            try PNGWriter.write(
                picture, to: folder.appending(path: name(number)), text: [(keyword, "1")])
            return name(number)
        }
    }

    private static let cellPixelLimit = 320_000.0

    private static func short(_ number: Double) -> String {
        String(format: "%.2f", number)
    }
}
