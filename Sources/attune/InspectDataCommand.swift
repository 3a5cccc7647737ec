import ArgumentParser
import Datasets
import Files
import Foundation
import Imaging
import Settings
import StableDiffusion

/// `attune inspect data`
struct InspectDataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Show what would be trained on a folder of photos, and what is left out and why.",
        discussion: """
            Give the options of the training to see just what it would see. Photos that look alike \
            and photos that seem blurred are named; nothing is changed.
            """)

    @Argument(help: "The folder with the photos.")
    var folder: String

    @Option(help: "The model that is to be trained (default: the embedded model).")
    var model: String?

    @Option(help: "Height and width of the training pictures (default: the model's own).")
    var resolution: Int?

    @Flag(help: "Crop in the middle instead of anywhere.")
    var centerCrop = false

    @Option(help: "The seed of the training, which decides the crops.")
    var seed: UInt64 = 0

    @Option(help: "The text of the training for all photos, in place of their captions.")
    var instancePrompt: String?

    @Option(help: "Write a picture of all photos with their crops: a .png or .jpg file.")
    var contactSheet: String?

    @OptionGroup var overwriting: OverwriteOption

    @OptionGroup(title: "Data") var data: SettingArguments<DataPlace<DreamBoothOffer>>

    func run() throws {
        let sheet = contactSheet.map { URL(filePath: $0) }
        let ending = sheet?.pathExtension.lowercased() ?? "png"
        guard ["png", "jpg", "jpeg"].contains(ending) else {
            throw ValidationError(
                "--contact-sheet \(contactSheet ?? ""): the name must end in .png or .jpg.")
        }
        if let contactSheet { try check(contactSheet) }
        let (resolution, factor, tokenizer) = try sizes()
        var settings = RunSettings(.dreamBooth)
        for (name, texts) in data.given { try settings.set(name, to: texts) }
        let configuration = try settings.dataConfiguration()
        let inspection = try PhotoInspection(
            URL(filePath: folder), configuration, resolution: resolution, factor: factor,
            isCentered: centerCrop, seed: seed, prompt: instancePrompt,
            unread: { text in tokenizer.flatMap { PromptEncoder($0).unread(of: text) } })
        for line in Self.lines(inspection, configuration) { print(line) }
        guard let sheet, !inspection.entries.isEmpty else { return }
        let picture = try inspection.contactSheet()
        if ending == "png" {
            try PNGWriter.write(picture, to: sheet, replacing: overwriting.overwrite)
        } else {
            try JPEGWriter.write(picture, to: sheet, replacing: overwriting.overwrite)
        }
        print("\nThe crops are in \(sheet.path)")
    }

    /// A sheet among the photos would be taken for one of them the next time.
    private func check(_ sheet: String) throws {
        var use = FileUse()
        use.reads(URL(filePath: folder), "the folder of the photos")
        if let model { use.reads(URL(filePath: model), "the model") }
        if let masks = data["mask-dir"] {
            use.reads(URL(filePath: masks), "the folder of the masks")
        }
        use.writes(
            file: URL(filePath: sheet), "--contact-sheet \(sheet)",
            overwriting: overwriting.overwrite)
        try use.check()
    }

    /// The resolution, how many pixels a latent stands for, and what reads captions.
    private func sizes() throws -> (resolution: Int, factor: Int, tokenizer: CLIPTokenizer?) {
        // Where no model is named and none is here: all of Stable Diffusion's have 8.
        if model == nil, let resolution,
            (try? EmbeddedModel.locate()).flatMap({ try? ModelSource($0) }) == nil
        {
            return (resolution, 8, nil)
        }
        let source = try ModelSource(model.map { URL(filePath: $0) } ?? EmbeddedModel.locate())
        let factor = source.vaeConfiguration.downsamplingFactor
        return (
            resolution ?? source.unetConfiguration.sampleSize * factor, factor, source.tokenizer
        )
    }

    private static func lines(
        _ inspection: PhotoInspection, _ data: DataConfiguration
    ) -> [String] {
        let entries = inspection.entries
        var result = [
            "\(inspection.folder.path): \(entries.count) photo(s), \(inspection.exampleCount) in "
                + "an epoch, trained at \(inspection.resolution)",
            inspection.buckets.map { "Shapes are kept: \($0)" }
                ?? "Photos are cropped to squares",
            "", "\(inspection.found)", "",
        ]
        result += inspection.notices.map { "Note: \($0)" }
        if !inspection.notices.isEmpty { result.append("") }
        if !entries.isEmpty {
            result += table(
                [["Photo", "pixels", "trained as", "cropped", "views", "counts"]]
                    + entries.map { entry in
                        [
                            entry.url.readableName, "\(entry.size)", "\(entry.trainedSize)",
                            "\(Int((entry.croppedShare * 100).rounded())) %",
                            "\(entry.viewCount)", "\(entry.repeats)",
                        ]
                    })
            result.append("")
        }
        for entry in entries {
            var facts: [String] = []
            if let rest = entry.unreadText {
                facts.append("longer than the model reads: \"\(rest)\" is lost")
            }
            if let form = entry.captionForm { facts.append("also as \"\(form)\"") }
            if data.maskedLoss { facts.append(mask(entry, data)) }
            facts += entry.remarks
            guard entry.caption != nil || !facts.isEmpty else { continue }
            let caption = entry.caption.map { "\"\($0)\"" } ?? "no caption"
            result.append("\(entry.url.readableName): \(caption)")
            result += facts.map { "  \($0)" }
        }
        let uncaptioned = entries.count { $0.caption == nil }
        if uncaptioned > 0 {
            if entries.last.map({ $0.caption != nil || !$0.remarks.isEmpty }) == true {
                result.append("")
            }
            result.append("\(uncaptioned) without a caption: training needs --instance-prompt.")
        }
        let sizes = inspection.sizeCounts
        if sizes.count > 1 {
            let list = sizes.map { "\($0.size) (\($0.count))" }.joined(separator: ", ")
            result += ["", "Sizes: \(list)"]
        }
        return result + leftOut(inspection)
    }

    private static func mask(_ entry: PhotoInspection.Entry, _ data: DataConfiguration) -> String {
        guard let mask = entry.mask else { return "no mask: counts everywhere" }
        return data.unmaskedWeight == 0
            ? "mask: \(mask)" : "mask: \(mask), the rest counts \(data.unmaskedWeight)"
    }

    private static func leftOut(_ inspection: PhotoInspection) -> [String] {
        guard !inspection.leftOut.isEmpty else { return [] }
        let lines = inspection.leftOut.map { file in
            let reason = "\(file.reason)"
            // Sentences name the file themselves.
            let line = file.stopsRuns ? reason : "\(file.url.readableName): \(reason)"
            return "  \(line)" + (file.stopsRuns ? " (training refuses the folder)" : "")
        }
        return ["", "Left out:"] + lines
    }

    /// Columns as wide as their widest word.
    private static func table(_ rows: [[String]]) -> [String] {
        let widths = (rows.first ?? []).indices.map { column in
            rows.map { $0[column].count }.max() ?? 0
        }
        return rows.map { row in
            zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }
    }
}
