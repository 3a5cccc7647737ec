import ArgumentParser
import Files
import Foundation
import Imaging
import Painting
import StableDiffusion
import Torch
import Training

/// `attune samplers`
struct SamplersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "samplers",
        abstract: "List the samplers and schedules, or paint one prompt by each of them.",
        discussion: """
            Without options: a table. With --prompt and --output: a contact sheet with a picture by \
            every sampler, all of one seed.
            """)

    @Option(help: "What to paint by every sampler.")
    var prompt: String?

    @Option(help: "What to keep away from.")
    var negativePrompt: String?

    @Option(help: "A diffusers folder or a single .safetensors file (default: the shipped model).")
    var model: String?

    @Option(help: "Steps of each sampler (default: 20).")
    var steps: Int?

    @Option(help: "The seed of all pictures (default: 1).")
    var seed: UInt64?

    @Option(help: "How much the prompt counts (default: 7.5).")
    var guidanceScale: Double?

    @Option(help: "How steps are spaced by the samplers that can (default: as the model says).")
    var schedule: String?

    @Option(help: "In pixels (default: the model's own).")
    var width: Int?

    @Option(help: "In pixels (default: the model's own).")
    var height: Int?

    @Option(help: "fp32, fp16 or bf16 (default: fp16 on a GPU and fp32 on a processor).")
    var precision: ComputePrecision?

    @Option(help: "auto, cpu, cuda, cuda:N or mps (default: auto).")
    var device: String?

    @Option(help: "The contact sheet: a .png or .jpg file.")
    var output: String?

    @OptionGroup var overwriting: OverwriteOption

    func validate() throws {
        guard (prompt == nil) == (output == nil) else {
            throw ValidationError(
                prompt == nil
                    ? "--output \(output ?? ""): give --prompt, too, which is what is painted."
                    : "--prompt: give --output, too, the file of the contact sheet.")
        }
        guard prompt == nil else { return }
        let given: [(name: String, value: Any?)] = [
            ("negative-prompt", negativePrompt), ("model", model), ("steps", steps),
            ("seed", seed), ("guidance-scale", guidanceScale), ("schedule", schedule),
            ("width", width), ("height", height), ("precision", precision), ("device", device),
            ("overwrite", overwriting.overwrite ? true : nil),
        ]
        if let lost = given.first(where: { $0.value != nil }) {
            throw ValidationError(
                "--\(lost.name) has no effect on the table: give --prompt and --output, too.")
        }
    }

    func run() throws {
        guard let prompt, let output else {
            print(SamplerTable.text)
            return
        }
        let sheet = URL(filePath: output)
        let ending = sheet.pathExtension.lowercased()
        guard ["png", "jpg", "jpeg"].contains(ending) else {
            throw ValidationError("--output \(output): the name must end in .png or .jpg.")
        }
        var use = FileUse()
        try use.reads(model: model)
        use.writes(file: sheet, "--output \(output)", overwriting: overwriting.overwrite)
        try use.check()
        let device = try Device(named: device ?? "auto")
        let source = try ModelSource(model.map { URL(filePath: $0) } ?? EmbeddedModel.locate())
        let printer = ProgressPrinter(wording: Wording(Self.self))
        let wishes = try wishes(prompt, source, printer)
        try source.verify()
        source.notices.forEach(printer.line)
        let pipeline = try Pipeline(
            source, precision: (precision ?? .auto).dtype(on: device), device: device)
        pipeline.notify = printer.line
        // Where nothing can be written, nothing is painted.
        try AtomicFile(at: sheet, replacing: overwriting.overwrite).discard()
        let cells = try painted(wishes, pipeline, printer)
        let picture = ContactSheet.make(
            cells: cells.map(\.image), columns: ContactSheet.columns(for: cells.count),
            labels: cells.map(\.label),
            title: "\(prompt) (\(stepCount) steps, seed \(shownSeed))")
        if ending == "png" {
            try PNGWriter.write(picture, to: sheet, replacing: overwriting.overwrite)
        } else {
            try JPEGWriter.write(picture, to: sheet, replacing: overwriting.overwrite)
        }
        printer.line("\(cells.count) samplers in \(sheet.path)")
    }

    private var stepCount: Int { steps ?? 20 }
    private var shownSeed: UInt64 { seed ?? 1 }

    /// The settings of every picture; a sampler that cannot is told.
    private func wishes(
        _ prompt: String, _ source: ModelSource, _ printer: ProgressPrinter
    ) throws -> [(settings: GenerationSettings, label: String)] {
        var common = GenerationSettings(prompt: prompt)
        common.negativePrompt = negativePrompt ?? ""
        (common.width, common.height) = (width, height)
        common.stepCount = stepCount
        common.guidanceScale = guidanceScale ?? common.guidanceScale
        common.promptSyntax = common.suitedSyntax
        do {
            try common.validate(for: source)
            let asked = try schedule.map { try SamplingSchedule(named: $0) }
            return SamplerKind.allCases.compactMap { kind in
                var settings = common
                settings.sampler = kind
                settings.schedule = kind.hasSchedules ? asked : nil
                do {
                    let choice = try SamplerChoice(
                        kind, schedule: settings.schedule, for: source.schedulerConfiguration)
                    _ = try choice.sampler(stepCount: stepCount)
                    return (settings, choice.label)
                } catch {
                    printer.line("\(kind.label) is left out: \(error)")
                    return nil
                }
            }
        } catch let error as GenerationError {
            throw ValidationError("--\(error)")
        } catch let error as SamplerError where error.isOfSetting {
            throw ValidationError("--\(error)")
        }
    }

    private func painted(
        _ wishes: [(settings: GenerationSettings, label: String)], _ pipeline: Pipeline,
        _ printer: ProgressPrinter
    ) throws -> [(image: PixelImage, label: String)] {
        guard !wishes.isEmpty else {
            throw ValidationError("--steps \(stepCount): no sampler can paint with so many.")
        }
        var cells: [(PixelImage, String)] = []
        defer { printer.finish() }
        for (index, wish) in wishes.enumerated() {
            printer.update("Painting", done: index, total: wishes.count, detail: wish.label)
            do {
                try Painter(pipeline, wish.settings).paint(seeds: [shownSeed]) {
                    cells.append(($0.image, wish.label))
                }
            } catch let error as PaintingError {
                printer.line("\(wish.label) is left out: \(error)")
            }
        }
        printer.update("Painting", done: wishes.count, total: wishes.count)
        return cells
    }
}

/// What `attune samplers` prints.
enum SamplerTable {
    static var text: String {
        let samplers = SamplerKind.allCases.map { kind in
            [
                kind.rawValue, "\(kind.callsPerStep)", kind.addsNoise ? "yes" : "no",
                "\(kind.usualSteps.lowerBound)-\(kind.usualSteps.upperBound)",
                kind.summary, names(kind.otherNames, besides: kind.rawValue),
            ]
        }
        let schedules = SamplingSchedule.allCases.map { schedule in
            [
                schedule.rawValue, schedule.summary,
                names(schedule.otherNames, besides: schedule.rawValue),
            ]
        }
        return table([["SAMPLER", "CALLS", "NOISE", "STEPS", "", "ALSO CALLED"]] + samplers)
            + "\n\n" + table([["SCHEDULE", "", "ALSO CALLED"]] + schedules)
                + """


                CALLS: calls of the network in a step; NOISE: whether fresh noise is drawn on the \
                way; STEPS: how many it does well with.
                Case and punctuation do not matter, and a schedule may stand behind a sampler: \
                "DPM++ 2M Karras".
                """
    }

    private static func names(_ names: [String], besides own: String) -> String {
        let names = names.filter { $0.lowercased() != own }
        return names.isEmpty ? "-" : names.joined(separator: ", ")
    }

    private static func table(_ rows: [[String]]) -> String {
        let columns = rows[0].count
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.dropLast().enumerated().map {
                $1.padding(toLength: widths[$0], withPad: " ", startingAt: 0)
            }
            return (cells + [row[columns - 1]]).joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
