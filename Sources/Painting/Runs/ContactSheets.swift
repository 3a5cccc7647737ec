import Files
public import Foundation
import Imaging
import StableDiffusion

/// The contact sheets of a run, each written as soon as its pictures are there, from their files:
/// a run that was resumed has the sheets of one that never stopped.
///
/// However many pictures there are, only those of one sheet are held, no larger than the sheet
/// shows them. A sheet is for looking at: where one cannot be written, that is told once.
public struct ContactSheets {
    /// How many pictures a sheet shows at most, where nothing else decides.
    public static let cellLimit = 100
    /// How many pixels a sheet has at most, beside its margins and words.
    static let pixelLimit = 32_000_000
    /// What says in a sheet of which manifest it is.
    static let keyword = "attune-manifest"

    /// The sheets that were written.
    public private(set) var written: [URL] = []

    private let file: ManifestFile
    private let notify: (String) -> Void
    /// Of each sheet that is to be written, how many pictures are not there yet.
    private var missing: [Int: Int] = [:]
    private var hasFailed = false

    /// The sheets of a manifest that show what is not painted yet, or are not there themselves.
    ///
    /// - Parameters:
    ///   - missing: the places of pictures that are not there yet.
    ///   - notify: told, once, that a sheet cannot be written.
    init(of file: ManifestFile, missing places: [Int], notify: @escaping (String) -> Void) {
        self.file = file
        self.notify = notify
        let places = Set(places)
        for (number, sheet) in file.manifest.sheets.enumerated() {
            let count = sheet.content.places.count(where: places.contains)
            if count > 0 || mark(of: url(sheet)) != mark(sheet.content.count, of: sheet) {
                missing[number] = count
            }
        }
    }

    /// Takes note of a picture that is there now.
    mutating func add(_ place: Int) {
        guard let number = sheet(of: place), let count = missing[number] else { return }
        missing[number] = count - 1
        if count == 1 { write(number) }
    }

    /// What a sheet says of itself: of which manifest it is, and how many pictures it shows.
    private func mark(_ count: Int, of sheet: PictureManifest.Sheet) -> String {
        "\(file.url?.lastPathComponent ?? "") \(count)/\(sheet.content.count)"
    }

    private func mark(of url: URL) -> String? {
        FilePlace(url).exists ? try? PNGText.leading(Self.keyword, of: url) : nil
    }

    /// Sheets stand in the order of their pictures.
    private func sheet(of place: Int) -> Int? {
        let sheets = file.manifest.sheets
        var (low, high) = (0, sheets.count)
        while low < high {
            let middle = (low + high) / 2
            if sheets[middle].content.first <= place { low = middle + 1 } else { high = middle }
        }
        return low > 0 && sheets[low - 1].content.places.contains(place) ? low - 1 : nil
    }

    /// Writes those whose pictures are not all there.
    mutating func finish() {
        for number in missing.keys.sorted() { write(number) }
    }

    private func url(_ sheet: PictureManifest.Sheet) -> URL {
        file.folder.appending(path: sheet.file)
    }

    private mutating func write(_ number: Int) {
        missing[number] = nil
        guard !hasFailed else { return }
        do {
            try make(number)
        } catch {
            hasFailed = true
            notify("No contact sheet: \(error). The pictures themselves are there.")
        }
    }

    private mutating func make(_ number: Int) throws {
        let sheet = file.manifest.sheets[number]
        let content = sheet.content
        let isGrid = content.columns != nil
        let columns = content.columns ?? ContactSheet.columns(for: content.count)
        let cellCount = columns * ((content.count + columns - 1) / columns)
        let cellPixelLimit = Double(Self.pixelLimit) / Double(cellCount)
        var cells: [PixelImage] = []
        var labels: [String] = []
        var parameters: String?
        var shownCount = 0
        for place in content.places {
            guard file.isThere(place) else {
                // In a grid the others keep their places.
                if isGrid {
                    cells.append(PixelImage(width: 1, height: 1, filledWith: .white))
                }
                continue
            }
            let url = file.place(place)
            let request = file.manifest.entries[place].request
            cells.append(try PhotoReader.read(url).reduced(to: cellPixelLimit))
            let isOne = request.settings.prompt == content.title
            labels.append(
                isOne ? String(request.seed) : "\(request.seed): \(request.settings.prompt)")
            shownCount += 1
            // As in A1111, the text is that of the first picture.
            if parameters == nil { parameters = try PNGText.value("parameters", of: url) }
        }
        guard let parameters, shownCount > 1 else { return }
        var style = ContactSheet.Style()
        style.pixelLimit = Self.pixelLimit
        let image = ContactSheet.make(
            cells: cells, columns: isGrid ? columns : ContactSheet.columns(for: cells.count),
            labels: isGrid ? [] : labels,
            columnLabels: content.columnLabels, rowLabels: content.rowLabels,
            title: content.title, style: style)
        let url = url(sheet)
        let owner = mark(shownCount, of: sheet)
        let data = try PNGWriter.encode(
            image, text: [(Self.keyword, owner), ("parameters", parameters)],
            name: "the contact sheet")
        let isOwn =
            mark(of: url).map { $0.prefix { $0 != " " } == owner.prefix { $0 != " " } } ?? false
        do throws(FileError) {
            try AtomicFile.write(data, to: url, replacing: isOwn)
            written.append(url)
        } catch {
            guard error.errorNumber == EEXIST else { throw error }
            // Another program took the name.
            var files = try NumberedFiles(in: file.folder, start: "grid-", digitCount: 4)
            let place = try files.add(end: ".png") {
                try AtomicFile.write(data, to: $0, replacing: false)
            }
            written.append(place)
            try file.renameSheet(number, to: place.lastPathComponent)
        }
    }
}
