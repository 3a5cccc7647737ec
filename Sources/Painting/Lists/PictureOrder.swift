public import StableDiffusion

/// What somebody asks for, from which the list of pictures is made: prompts, how many of each, and
/// what is varied.
public struct PictureOrder: Sendable {
    /// What becomes of choices in braces, `{red|blue}`.
    public enum Templates: String, Sendable, CaseIterable {
        /// Each picture has one of them, drawn from its seed.
        case random
        /// All of them are painted.
        case combinatorial
        /// They are text.
        case off
    }

    /// The prompts.
    public var lines: [PromptLine]
    /// What stands above the pictures.
    public var title: String
    /// How many pictures of each prompt, or how many grids.
    public var count = 1
    /// The seed of the first picture; those that follow count up, and cells of one grid have one.
    public var seed: UInt64
    /// What becomes of choices in braces.
    public var templates = Templates.random
    /// Where lines of `__name__` are.
    public var wildcards = Wildcards()
    /// Whether texts behind `|` are taken or not, in all ways.
    public var isMatrix = false
    /// What is varied from left to right, from top to bottom, and from sheet to sheet.
    public var axes: [GridAxis] = []
    /// How prompts are read; nil: as each seems to be written.
    public var syntax: PromptSyntax?

    /// An order of prompts, one picture each.
    public init(_ lines: [PromptLine], title: String, seed: UInt64) {
        self.lines = lines
        self.title = title
        self.seed = seed
    }

    /// All the pictures.
    ///
    /// - Throws: ``PictureListError``, ``PromptTemplateError``.
    public func list() throws -> PictureList {
        var pictures: [PictureRequest] = []
        var sheets: [PictureList.Sheet] = []
        var next = seed
        let reading = WildcardReading(wildcards)
        for line in lines {
            do {
                try add(line, &pictures, &sheets, next: &next, reading)
            } catch let error as PictureListError {
                guard case .tooMany = error else { throw told(error, of: line) }
                throw error
            } catch let error as PromptTemplateError {
                throw told(error, of: line)
            }
        }
        for index in pictures.indices {
            pictures[index].settings.promptSyntax =
                syntax ?? pictures[index].settings.suitedSyntax
        }
        return sheets.isEmpty
            ? PictureList(pictures, title: title) : PictureList(pictures, sheets: sheets)
    }

    /// Of a file, with the line.
    private func told(_ error: any Error, of line: PromptLine) -> any Error {
        guard let number = line.number else { return error }
        return PictureListError.line(file: title, number: number, reason: "\(error)")
    }

    private func add(
        _ line: PromptLine, _ pictures: inout [PictureRequest],
        _ sheets: inout [PictureList.Sheet], next: inout UInt64, _ reading: WildcardReading
    ) throws {
        let prompts = try Prompts(line.settings, self, reading)
        let (count, isWrong) = (line.count ?? count).multipliedReportingOverflow(
            by: line.batchSize)
        guard !isWrong else { throw PictureListError.tooMany(limit: PictureList.countLimit) }
        for number in 0..<prompts.count {
            for repetition in 0..<count {
                let seed = line.seed.map { $0 &+ UInt64(repetition) } ?? next
                var picture = PictureRequest(line.settings, seed: seed)
                try prompts.write(number, into: &picture)
                if isMatrix || !axes.isEmpty {
                    let first = pictures.count
                    let (cells, new) = try grid(of: picture)
                    pictures += cells
                    sheets += new.map { sheet in
                        var sheet = sheet
                        sheet.first += first
                        return sheet
                    }
                } else {
                    pictures.append(picture)
                }
                if line.seed == nil { next &+= 1 }
                guard pictures.count <= PictureList.countLimit else {
                    throw PictureListError.tooMany(limit: PictureList.countLimit)
                }
            }
        }
    }

    /// The prompts of a line: as they stand, or what a template stands for.
    private struct Prompts {
        let template: PromptTemplate?
        let negative: PromptTemplate?
        let all: [(prompt: String, negative: String)]?
        let reading: WildcardReading

        init(
            _ settings: GenerationSettings, _ order: PictureOrder, _ reading: WildcardReading
        ) throws {
            self.reading = reading
            guard order.templates != .off, !order.isMatrix else {
                (template, negative, all) = (nil, nil, nil)
                return
            }
            template = try PromptTemplate.meant(by: settings.prompt)
            negative = try PromptTemplate.meant(by: settings.negativePrompt)
            guard order.templates == .combinatorial, template != nil || negative != nil else {
                all = nil
                return
            }
            let limit = PictureList.countLimit
            let prompts = try template?.prompts(limit: limit, reading: reading)
            let negatives = try negative?.prompts(limit: limit, reading: reading)
            let (ones, others) = (
                prompts ?? [settings.prompt], negatives ?? [settings.negativePrompt]
            )
            guard ones.count * others.count <= limit else {
                throw PromptTemplateError.tooMany(limit: limit)
            }
            all = ones.flatMap { prompt in others.map { (prompt, $0) } }
        }

        var count: Int { all?.count ?? 1 }

        func write(_ number: Int, into picture: inout PictureRequest) throws {
            picture.template = template?.text
            picture.negativeTemplate = negative?.text
            if let all {
                picture.settings.prompt = all[number].prompt
                picture.settings.negativePrompt = all[number].negative
                return
            }
            if let template {
                picture.settings.prompt = try template.prompt(
                    seed: picture.seed, reading: reading)
            }
            if let negative {
                // Not the numbers that the prompt was drawn with.
                picture.settings.negativePrompt = try negative.prompt(
                    seed: ~picture.seed, reading: reading)
            }
        }
    }

    /// The cells of a picture's grids, and the sheets for them.
    private func grid(
        of picture: PictureRequest
    ) throws(PictureListError) -> ([PictureRequest], [PictureList.Sheet]) {
        if isMatrix {
            let matrix = try PromptMatrix(picture.settings.prompt)
            let cells = matrix.prompts.map { prompt in
                var cell = picture
                cell.settings.prompt = prompt
                return cell
            }
            let sheet = PictureList.Sheet(
                title: picture.settings.prompt, first: 0, count: cells.count,
                columns: matrix.columns, columnLabels: matrix.columnLabels,
                rowLabels: matrix.rowLabels)
            return (cells, [sheet])
        }
        let counts = (0..<3).map { $0 < axes.count ? axes[$0].changes.count : 1 }
        let total = counts.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
        guard counts.allSatisfy({ $0 <= PictureList.countLimit }),
            (1...PictureList.countLimit).contains(total)
        else { throw .tooMany(limit: PictureList.countLimit) }
        var cells: [PictureRequest] = []
        for z in 0..<counts[2] {
            for y in 0..<counts[1] {
                for x in 0..<counts[0] {
                    var cell = picture
                    // What replaces a text finds it where another axis has not changed it yet.
                    for (axis, value) in zip(axes, [x, y, z]) {
                        try axis.apply(value, to: &cell)
                    }
                    cells.append(cell)
                }
            }
        }
        let page = counts[0] * counts[1]
        let sheets = (0..<counts[2]).map { z in
            PictureList.Sheet(
                title: picture.settings.prompt + (axes.count > 2 ? " · \(axes[2].labels[z])" : ""),
                first: z * page, count: page, columns: counts[0], columnLabels: axes[0].labels,
                rowLabels: axes.count > 1 ? axes[1].labels : [])
        }
        return (cells, sheets)
    }
}
