import Imaging

/// What the demo made.
struct DemoOutcome {
    let settings: DemoSettings
    let modelName: String
    let photos: [PixelImage]
    let heldOutCount: Int
    let before: DemoPictures
    let after: DemoPictures
    var figures: DemoFigures?
    var seconds = 0.0

    var withoutFigures: String {
        "There are no figures: they are measured with a small CLIP, which \(modelName) does not "
            + "have in a folder named clip."
    }

    /// Photos, pictures before and pictures after as rows; one column of the latter is a prompt.
    func contactSheet() -> PixelImage {
        let columns = settings.prompts.count
        let side = max(Self.smallestSide, before.shown.map { max($0.width, $0.height) }.max() ?? 0)
        // All of one size, so that small pictures are enlarged as photos are reduced.
        func cell(_ picture: PixelImage) -> PixelImage {
            picture.resizedAndCropped(width: side, height: side, filter: .bicubic)
        }
        let blank = PixelImage(width: side, height: side, filledWith: .white)
        var first = photos.prefix(columns).map(cell)
        first += Array(repeating: blank, count: columns - first.count)
        let names = settings.prompts.map(\.label)
        return ContactSheet.make(
            cells: first + before.shown.map(cell) + after.shown.map(cell), columns: columns,
            labels: Array(repeating: "", count: columns) + names + names,
            rowLabels: ["photos", "before", "after"],
            title: "\(settings.name), taught from \(Self.count(photos.count, "photo"))")
    }

    /// `1 photo`, `5 photos`
    static func count(_ number: Int, _ thing: String) -> String {
        "\(number) \(thing)\(number == 1 ? "" : "s")"
    }

    private static let smallestSide = 192
}
