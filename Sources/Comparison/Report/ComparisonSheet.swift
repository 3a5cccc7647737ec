import Foundation
import Imaging

/// `sheet.png`: a picture of each prompt by each method, all from the same seed, to be shown where a
/// page is too much.
struct ComparisonSheet {
    private let outcome: ComparisonOutcome
    private let folder: ComparisonFolder

    init(_ outcome: ComparisonOutcome, folder: ComparisonFolder) {
        self.outcome = outcome
        self.folder = folder
    }

    func write() throws {
        let prompts = ComparisonPictures.prompts(
            outcome.settings, calling: outcome.settings.subject.name)
        let runs = outcome.shown
        let seed = outcome.settings.firstSeed
        let painted = try ([folder.untrainedPictures] + runs.map(folder.pictures)).map { place in
            try prompts.map {
                try PhotoReader.read(place.appending(path: "\($0.file)-\(seed).png"))
            }
        }
        guard let size = painted.first?.first else { return }
        let photos = prompts.indices.map {
            outcome.photos[$0 % outcome.photos.count]
                .resizedAndCropped(width: size.width, height: size.height, crop: .center)
        }
        var style = ContactSheet.Style()
        style.minimumCellSide = 128
        style.fontSize = 13
        style.cellGap = 8
        try PNGWriter.write(
            ContactSheet.make(
                cells: ([photos] + painted).flatMap(\.self), columns: prompts.count,
                columnLabels: prompts.prefix(2).map(\.prompt)
                    + outcome.settings.prompts.map(ComparisonSettings.place(of:)),
                rowLabels: ["photos", "untrained"] + runs.map(\.method.label), style: style),
            to: folder.sheet)
    }
}
