import Files
public import Foundation
package import Imaging

/// Contact sheets of the pictures of a run, `grid-NNNN.png`: one for every hundred, each written
/// as soon as it is full.
///
/// However many pictures there are, only those of one sheet are held, no larger than the sheet
/// shows them. A sheet is for looking at: where one cannot be written, that is told once.
public struct ContactSheets {
    /// How many pictures a sheet shows at most.
    public static let cellLimit = 100
    /// How many pixels a sheet has at most, beside its margins and words.
    static let pixelLimit = 32_000_000

    /// The sheets that were written.
    public private(set) var written: [URL] = []
    /// Pictures that wait for their sheet, as small as they will be on it.
    package private(set) var cells: [PixelImage] = []

    private let folder: URL
    private let title: String
    private let cellPixelLimit: Double
    private let notify: (String) -> Void
    private var labels: [String] = []
    private var parameters: GenerationParameters?
    private var hasFailed = false

    /// Sheets for a folder that is there.
    ///
    /// - Parameters:
    ///   - title: what stands above the pictures.
    ///   - count: how many pictures will come.
    ///   - notify: told, once, that a sheet cannot be written.
    public init(in folder: URL, title: String, count: Int, notify: @escaping (String) -> Void) {
        self.folder = folder
        self.title = title
        self.notify = notify
        let cellCount = max(1, min(count, Self.cellLimit))
        let columns = ContactSheet.columns(for: cellCount)
        let places = columns * ((cellCount + columns - 1) / columns)
        cellPixelLimit = Double(Self.pixelLimit) / Double(places)
    }

    /// Takes the next picture.
    public mutating func add(_ picture: PaintedPicture) {
        guard !hasFailed else { return }
        if cells.isEmpty { parameters = picture.parameters }
        let image = picture.image
        let scale = (cellPixelLimit / Double(image.width * image.height)).squareRoot()
        cells.append(
            scale >= 1
                ? image
                : image.resized(
                    width: max(1, Int(Double(image.width) * scale)),
                    height: max(1, Int(Double(image.height) * scale))))
        labels.append(String(picture.seed))
        if cells.count == Self.cellLimit { write() }
    }

    /// Writes the last sheet; one picture alone needs none.
    public mutating func finish() {
        if cells.count > 1 || !written.isEmpty { write() }
        cells = []
    }

    private mutating func write() {
        guard !hasFailed, !cells.isEmpty else { return }
        var style = ContactSheet.Style()
        style.pixelLimit = Self.pixelLimit
        let sheet = ContactSheet.make(
            cells: cells, columns: ContactSheet.columns(for: cells.count), labels: labels,
            title: title, style: style)
        do {
            // As in A1111, the text is that of the first picture.
            let texts = parameters.map { [("parameters", $0.infotext)] } ?? []
            let data = try PNGWriter.encode(sheet, text: texts, name: "the contact sheet")
            var files = try NumberedFiles(in: folder, start: "grid-", digitCount: 4)
            written.append(
                try files.add(end: ".png") { url in
                    try AtomicFile.write(data, to: url, replacing: false)
                })
        } catch {
            hasFailed = true
            notify("No contact sheet: \(error). The pictures themselves are there.")
        }
        cells = []
        labels = []
    }
}
