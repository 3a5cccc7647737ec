import ArgumentParser
import Evaluation
import Files
import Foundation
import Imaging
import StableDiffusion
import Torch

/// `attune pick`
struct PickCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pick",
        abstract: "Put the pictures of a run in order, the best first, and copy the best.",
        discussion: """
            Pictures are judged by how much they look like the photos of the subject (--photos), \
            by how much they show what their prompts say (where the model has a CLIP) and by how \
            sharp they are. What is nearly the same stands together. The pictures stay as they \
            are; contact sheets, pick.json and the copies go to --output.
            """)

    @Argument(help: "The folder with the pictures.")
    var folder: String

    @Option(help: "The folder with the photos of the subject.")
    var photos: String?

    @Option(help: "How many of the best are copied.")
    var keep: Int?

    @Option(help: "A diffusers folder that judges (default: the shipped model).")
    var model: String?

    @Option(help: "auto, cpu, cuda, cuda:N or mps.")
    var device = "auto"

    @Option(help: "The folder for what is written (default: the pictures' with -picked).")
    var output: String?

    @OptionGroup var overwriting: OverwriteOption

    func validate() throws {
        if let keep, keep < 1 {
            throw ValidationError("--keep \(keep): must be at least 1.")
        }
    }

    func run() throws {
        let source = URL(filePath: folder)
        let found = try PhotoFolder.scan(
            source, minimumSide: 1, decoding: false, toleratesFailures: true)
        var files = found.photos.filter {
            !$0.lastPathComponent.hasPrefix("grid-") && !PickSheets.isSheet($0)
        }
        guard !files.isEmpty else {
            throw ValidationError(
                "\(source.path) has no pictures; name the folder that attune generate filled.")
        }
        let target = output.map { URL(filePath: $0) } ?? defaultOutput(of: source)
        try checkPlaces(source, target, files)
        let printer = ProgressPrinter(wording: Wording(Self.self))
        for refused in found.refused { printer.line("Left out: \(refused.error)") }
        let earlier = try earlierRecord(target)
        let measured = try measured(files, printer)
        files = measured.map(\.file)
        let figures = measured.map(\.figures)
        guard !files.isEmpty else {
            throw ValidationError("\(source.path) has no picture that can be read.")
        }
        let ranking = PictureRanking(figures)
        try Folder.create(target)
        let kept = try copied(ranking, files, to: target)
        let sheets = try PickSheets.write(files, figures, ranking, to: target)
        var record = PickRecord(files, figures, ranking)
        record.written = kept + sheets
        try record.write(to: target.appending(path: Self.record))
        remove(earlier, except: Set(record.written), of: source, in: target)
        let twins = ranking.places.count { $0.twin != nil }
        printer.line(
            "\(files.count) pictures in order in \(target.path): \(sheets.joined(separator: ", "))")
        if twins > 0 {
            printer.line("\(twins) of them are nearly the same as a better one")
        }
        if let keep, kept.count < keep {
            printer.line("All \(kept.count) are copied: there are no more")
        } else if !kept.isEmpty {
            printer.line("The best \(kept.count) are copied")
        }
    }

    static let record = "pick.json"

    private func defaultOutput(of folder: URL) -> URL {
        let whole = folder.standardizedFileURL
        return whole.deletingLastPathComponent()
            .appending(path: whole.lastPathComponent + "-picked")
    }

    private func checkPlaces(_ source: URL, _ target: URL, _ files: [URL]) throws {
        var use = FileUse()
        use.reads(source, "the folder of the pictures")
        if let photos { use.reads(URL(filePath: photos), "the photos") }
        try use.reads(model: model)
        let names = (try? Folder.entries(of: target))?.map(\.lastPathComponent) ?? []
        let own = Set(files.map(\.lastPathComponent) + [Self.record])
        use.writes(
            folder: target, output.map { "--output \($0)" } ?? target.path,
            entries: names.filter { own.contains($0) || PickSheets.isSheet($0) },
            overwriting: overwriting.overwrite)
        try use.check()
    }

    /// What an earlier choice has written down; nil: there was none.
    private func earlierRecord(_ target: URL) throws -> PickRecord? {
        let record = target.appending(path: Self.record)
        return FilePlace(record).exists ? try PickRecord(record) : nil
    }

    /// Takes away what an earlier choice has left: sheets, and copies of pictures that are still
    /// where they were copied from. A record is a file like any other, and may say anything.
    private func remove(
        _ earlier: PickRecord?, except new: Set<String>, of source: URL, in target: URL
    ) {
        for name in earlier?.written ?? [] where !new.contains(name) && !name.utf8.contains(0x2F) {
            let file = target.appending(path: name)
            let isCopy =
                (try? WholeFile.read(file)).map { data in
                    data == (try? WholeFile.read(source.appending(path: name)))
                } ?? false
            guard isCopy || PickSheets.isSheet(file) else { continue }
            file.withUnsafeFileSystemRepresentation { path in _ = path.map { unlink($0) } }
        }
    }

    private func measured(
        _ files: [URL], _ printer: ProgressPrinter
    ) throws -> [(file: URL, figures: PictureRanking.Figures)] {
        let device = try Device(named: device)
        let source = try ModelSource(model.map { URL(filePath: $0) } ?? EmbeddedModel.locate())
        let isJudged = Likeness.isAvailable(in: source.url)
        let likeness = isJudged ? try Likeness(modelFolder: source.url, device: device) : nil
        if likeness == nil {
            printer.line("The model has no CLIP, so how faithful pictures are is not measured.")
        }
        let subject = try photos.map { folder in
            try PhotoFolder.scan(URL(filePath: folder)).photos.map { try PhotoReader.read($0) }
        }
        var closeness: SubjectCloseness?
        if let subject {
            try source.verify()
            let samples = files.lazy.compactMap { try? PhotoReader.read($0) }
                .prefix(Self.batchSize)
            closeness =
                samples.isEmpty
                ? nil
                : SubjectCloseness(
                    photos: subject, samples: Array(samples),
                    by: try Pipeline(source, device: device))
        } else {
            printer.line("Without --photos, likeness to the subject is not measured.")
        }
        var all: [(file: URL, figures: PictureRanking.Figures)] = []
        defer { printer.finish() }
        for start in stride(from: 0, to: files.count, by: Self.batchSize) {
            printer.update("Measuring", done: start, total: files.count)
            var batch: [URL] = []
            var pictures: [PixelImage] = []
            for file in files[start..<min(start + Self.batchSize, files.count)] {
                do {
                    pictures.append(try PhotoReader.read(file))
                    batch.append(file)
                } catch {
                    printer.line("Left out: \(error)")
                }
            }
            guard !batch.isEmpty else { continue }
            let matches = closeness.map { $0(pictures) }
            let faithful = try likeness.map {
                try faithfulness(pictures, batch, by: $0, PromptEncoder(source.tokenizer))
            }
            for (index, picture) in pictures.enumerated() {
                let traits = PhotoTraits(picture)
                all.append(
                    (
                        batch[index],
                        PictureRanking.Figures(
                            match: matches?[index], faithfulness: faithful?[index],
                            sharpness: traits.sharpness, hash: traits.hash)
                    ))
            }
        }
        printer.update("Measuring", done: files.count, total: files.count)
        return all
    }

    private static let batchSize = 16

    /// The cosine of each picture with its prompt; nil where it has none.
    private func faithfulness(
        _ pictures: [PixelImage], _ files: [URL], by likeness: Likeness, _ encoder: PromptEncoder
    ) throws -> [Double?] {
        let prompts = files.map { file -> String? in
            let text = try? PNGText.value("parameters", of: file)
            let prompt = text.map { GenerationParameters(infotext: $0).prompt } ?? ""
            return prompt.isEmpty ? nil : Self.words(of: prompt, encoder)
        }
        return zip(pictures, prompts).map { picture, prompt in
            prompt.map { prompt in
                likeness.pairedSimilarity(
                    likeness.embedding(of: [picture]), likeness.embedding(of: [prompt]))
            }
        }
    }

    /// A prompt without weights, edits and tags.
    private static func words(of prompt: String, _ encoder: PromptEncoder) -> String {
        let program = try? PromptProgram(
            prompt, syntax: .suited(to: prompt), stepCount: 1, encoder: encoder)
        let texts = program?.parts.compactMap { part in
            part.texts.last?.segments.filter { !$0.isChunkEnd }.map(\.text).joined()
        }
        return texts?.joined(separator: " ") ?? prompt
    }

    /// - Returns: their names.
    private func copied(
        _ ranking: PictureRanking, _ files: [URL], to target: URL
    ) throws -> [String] {
        let best = ranking.best(keep ?? 0)
        for index in best {
            try AtomicFile.write(
                try WholeFile.read(files[index]),
                to: target.appending(path: files[index].lastPathComponent),
                replacing: overwriting.overwrite)
        }
        return best.map { files[$0].lastPathComponent }
    }
}
