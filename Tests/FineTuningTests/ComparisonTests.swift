import Comparison
import Evaluation
import Foundation
import Testing
import TestSupport
import Torch

/// The statistics of a comparison.
@Suite struct SpreadTests {
    private func spread(_ values: Double...) throws -> Spread { try #require(Spread(values)) }

    @Test func meanAndDeviationAreThoseOfASample() throws {
        let found = try spread(2, 4, 4, 4, 5, 5, 7, 9)
        #expect(found.mean == 5)
        // √(32 / 7)
        #expect(abs(try #require(found.deviation) - 2.138_089_935_3) < 1e-9)
        #expect(found.count == 8)
    }

    @Test func aSingleSeedHasNoDeviationAndNoneHasNoSpread() throws {
        let found = try spread(0.5)
        #expect(found.mean == 0.5)
        #expect(found.deviation == nil)
        #expect(Spread([]) == nil)
        #expect(Spread([0.1, .nan]) == nil)
        #expect(try spread(0.3, 0.3, 0.3).deviation == 0)
    }

    @Test func onlyWhatIsBeyondChanceIsToldApart() throws {
        let low = try spread(0.50, 0.52, 0.54)
        let high = try spread(0.60, 0.62, 0.64)
        #expect(high.order(to: low, floor: 0.01) == .above)
        #expect(low.order(to: high, floor: 0.01) == .below)
        #expect(low.order(to: low, floor: 0.01) == .level)
        // The same means with seeds far apart.
        let wide = try spread(0.40, 0.62, 0.84)
        #expect(wide.order(to: low, floor: 0.01) == .level)
        // Exactly alike seeds, and less than the floor between them.
        let first = try spread(0.5, 0.5)
        let second = try spread(0.505, 0.505)
        #expect(second.order(to: first, floor: 0.01) == .level)
        #expect(second.order(to: first, floor: 0.001) == .above)
    }

    @Test func aSingleSeedNeedsThreeTimesTheFloor() throws {
        let one = try spread(0.5)
        #expect(try spread(0.52).order(to: one, floor: 0.01) == .level)
        #expect(try spread(0.54).order(to: one, floor: 0.01) == .above)
        #expect(try spread(0.54, 0.541).order(to: one, floor: 0.01) == .above)
        #expect(one.order(to: 0.48, floor: 0.01) == .level)
        #expect(one.order(to: 0.46, floor: 0.01) == .above)
        #expect(try spread(0.45, 0.45).order(to: 0.5, floor: 0.01) == .below)
    }

    @Test func figuresHaveSensibleDigits() throws {
        #expect(FigureText.cosine(try spread(0.8, 0.82)) == "0.81 ± 0.01")
        #expect(FigureText.cosine(try spread(0.8)) == "0.80")
        #expect(FigureText.cosine(-0.001) == "0.00")
        #expect(FigureText.cosine(-0.25) == "−0.25")
        #expect(
            [0, 640, 13_200, 999_600, 3_210_000, 42_000_000, 1_720_000_000].map(FigureText.bytes)
                == ["0 B", "640 B", "13 KB", "1.0 MB", "3.2 MB", "42 MB", "1.7 GB"])
        #expect(
            [0.12, 4.53, 42, 185, 7800].map(FigureText.time)
                == ["0.12 s", "4.5 s", "42 s", "3 min 05 s", "2 h 10 min"])
    }
}

/// What is advised on figures that were made up.
@Suite struct ComparisonAdviceTests {
    private static let untrained = PictureFigures(
        likeness: 0.40, faithfulness: 0.30, drift: 0, nearness: 0.45, classDiversity: 0.40,
        subjectDiversity: 0.40)

    private struct Made {
        var method: ComparedMethod
        var likeness = 0.7
        var match: Double?
        var faithfulness = 0.30
        var drift = 0.1
        var nearness = 0.45
        var diversity: Double? = 0.40
        var bytes = 1_000_000
        var seconds = 60.0
        var memory = 1_000_000_000
        var photos = 5
    }

    /// - Parameter step: how far a seed's figures are from the one before.
    private func results(
        _ made: [Made], seeds: Int = 3, step: Double = 0.002, hasPictures: Bool = true
    ) -> [ComparedRun] {
        made.flatMap { made in
            (0..<seeds).map { seed in
                let shift = (Double(seed) - Double(seeds - 1) / 2) * step
                return ComparedRun(
                    method: made.method, photoCount: made.photos, seed: UInt64(seed + 1),
                    cost: TrainingCost(
                        fileBytes: made.bytes, seconds: made.seconds,
                        secondsPerStep: made.seconds / 250, stepCount: 250,
                        peakMemory: made.memory, predictionDrift: made.drift + shift),
                    match: made.match.map { $0 + shift },
                    pictures: hasPictures
                        ? PictureFigures(
                            likeness: made.likeness + shift,
                            faithfulness: made.faithfulness + shift, drift: made.drift + shift,
                            nearness: made.nearness + shift,
                            classDiversity: made.diversity.map { $0 + shift },
                            subjectDiversity: made.diversity) : nil)
            }
        }
    }

    private static let asReported: [Made] = [
        Made(
            method: .dreamBooth, likeness: 0.82, drift: 0.40, nearness: 0.70, diversity: 0.20,
            bytes: 40_000_000, seconds: 100, memory: 2_000_000_000),
        Made(
            method: .dreamBoothWithPrior, likeness: 0.80, drift: 0.10, bytes: 40_000_000,
            seconds: 180, memory: 2_400_000_000),
        Made(method: .lora, likeness: 0.75, drift: 0.20, bytes: 3_000_000, seconds: 60),
        Made(
            method: .textualInversion, likeness: 0.55, drift: 0, bytes: 2_000, seconds: 120,
            memory: 900_000_000),
    ]

    private func table(_ results: [ComparedRun]) -> ComparisonTable {
        ComparisonTable(
            results, untrained: Self.untrained, ceiling: 0.9, machineMemory: 16_000_000_000)
    }

    private func sentence(_ advice: [ComparisonAdvice], _ topic: String) throws -> String {
        try #require(advice.first { $0.topic == topic }, "\(advice)").sentence
    }

    @Test func eachPurposeGetsTheMethodThatTheFiguresSay() throws {
        let advice = ComparisonAdvice.advice(for: table(results(Self.asReported)))
        func starts(_ topic: String, _ text: String) throws {
            let found = try sentence(advice, topic)
            #expect(found.hasPrefix(text), "\(found)")
        }
        // LoRA's gain is 0.35 of 0.42: enough, but its drift is greater.
        try starts("To start with", "DreamBooth with prior preservation: ")
        try starts("For the best likeness", "DreamBooth: ")
        try starts("For a small file", "Textual Inversion: 2.0 KB")
        try starts("In a hurry", "LoRA: 1 min 00 s for 250 steps of 0.24 s")
        try starts("For this machine", "Textual Inversion takes least memory")
        // Textual inversion has not half of the best gain.
        try starts(
            "To keep other things of the class as they are", "DreamBooth with prior preservation")
        try starts("Where the class turns into the subject", "With DreamBooth (0.70 ± 0.00)")
        try starts("Where pictures grow alike", "With DreamBooth (0.20 ± 0.00)")
        try starts("For new places", "All methods still paint")
        let likeness = try sentence(advice, "For the best likeness")
        #expect(likeness.contains("0.82 ± 0.00"))
        #expect(likeness.contains("untrained 0.40"))
        #expect(likeness.contains("0.90"))
    }

    /// Where the match was measured it ranks, whatever CLIP says.
    @Test func theMatchCountsBeforeCLIP() throws {
        var made = Self.asReported
        for (index, match) in [0.9, 0.8, 0.6, 0.3].enumerated() {
            made[index].match = match
            made[index].likeness = 0.5 + 0.1 * Double(index)
        }
        let table = table(results(made))
        let advice = ComparisonAdvice.advice(for: table)
        let nearest = try sentence(advice, "For the best likeness")
        #expect(nearest.hasPrefix("DreamBooth: "), "\(nearest)")
        #expect(nearest.contains("match 90 % ± 0 %; untrained 0 %"), "\(nearest)")
        #expect(
            try sentence(advice, "To start with")
                .hasPrefix("DreamBooth with prior preservation: it has 89 % of the best gain"))
        #expect(try sentence(advice, "For a small file").contains("match 30 % ± 0 %"))
        #expect(LiteratureOrder.checks(of: table).allSatisfy { $0.outcome == .seen })
        let lines = table.markdown.split(separator: "\n")
        #expect(lines[0].hasPrefix("| method | match | likeness |"))
        #expect(lines[2].hasPrefix("| untrained | 0 % | 0.40 |"))
        #expect(lines[3].hasPrefix("| DreamBooth | 90 % ± 0 % | 0.50 ± 0.00 |"))
        #expect(lines.last?.hasPrefix("| the photos against held-out ones | 100 % |") == true)
        #expect(Set(lines.map { line in line.filter { $0 == "|" }.count }).count == 1)
    }

    @Test func oneSeedOfTheMatchNeedsMore() throws {
        var made = Self.asReported
        for (index, match) in [0.9, 0.82, 0.6, 0.3].enumerated() { made[index].match = match }
        let advice = ComparisonAdvice.advice(for: table(results(made, seeds: 1)))
        #expect(try sentence(advice, "Certainty").contains("0.03 (of the match, 9 %)"))
        #expect(
            try sentence(advice, "For the best likeness")
                .contains("Not to be told from it: DreamBooth with prior preservation"))
    }

    /// It needs no CLIP, so that models without one are compared too.
    @Test func theMatchIsEnoughWithoutACLIP() throws {
        var made = Self.asReported
        for (index, match) in [0.9, 0.8, 0.6, 0.3].enumerated() { made[index].match = match }
        let table = ComparisonTable(results(made, hasPictures: false))
        let advice = ComparisonAdvice.advice(for: table)
        #expect(try sentence(advice, "For the best likeness").hasPrefix("DreamBooth: "))
        // By the drift of the prediction.
        #expect(
            try sentence(advice, "To keep other things of the class as they are")
                .hasPrefix("DreamBooth with prior preservation"))
        #expect(
            try sentence(advice, "To start with").contains("drift of the prediction 10.0 %"))
        #expect(advice.first?.topic == "What is missing")
        #expect(!advice.contains { $0.topic == "For new places" })
        let lines = table.markdown.split(separator: "\n")
        #expect(lines[2].hasPrefix("| untrained | 0 % |"))
        #expect(lines.last?.hasPrefix("| the photos against held-out ones | 100 % |") == true)
    }

    @Test func equalMethodsAreNotRanked() throws {
        let made = ComparedMethod.allCases.map { Made(method: $0) }
        let table = table(results(made))
        let advice = ComparisonAdvice.advice(for: table)
        #expect(try sentence(advice, "For the best likeness").contains("Not to be told from it"))
        let topics = advice.map(\.topic)
        for topic in [
            "For a small file", "To keep other things of the class as they are",
            "Where pictures grow alike", "Certainty",
        ] { #expect(!topics.contains(topic)) }
        let checks = LiteratureOrder.checks(of: table)
        #expect(checks.filter { $0.outcome == .unclear }.count == 4)
        #expect(checks.first { $0.claim.hasPrefix("LoRA's file") }?.outcome == .notSeen)
    }

    @Test func oneSeedIsSaidAndGivesNoDeviation() throws {
        let table = table(results(Self.asReported, seeds: 1))
        let advice = ComparisonAdvice.advice(for: table)
        #expect(advice.first?.topic == "Certainty")
        let text = advice.map(\.sentence).joined() + table.markdown
        #expect(!text.lowercased().contains("nan"))
        #expect(!text.contains("±"))
    }

    @Test func whereNothingWasLearnedNoMethodIsAdvised() throws {
        let made = ComparedMethod.allCases.map { Made(method: $0, likeness: 0.40) }
        let advice = ComparisonAdvice.advice(for: table(results(made)))
        #expect(advice.map(\.topic) == ["Before anything else"])
        #expect(try sentence(advice, "Before anything else").contains("--steps-scale"))
        #expect(ComparisonAdvice.advice(for: ComparisonTable([])).isEmpty)
        #expect(LiteratureOrder.checks(of: ComparisonTable([])).isEmpty)
    }

    @Test func lostPromptsAndTightMemoryAreNamed() throws {
        var made = Self.asReported
        made[0].faithfulness = 0.2
        made[1].memory = 15_000_000_000
        let advice = ComparisonAdvice.advice(for: table(results(made)))
        #expect(try sentence(advice, "For new places").hasPrefix("DreamBooth (0.20 ± 0.00) show"))
        for index in made.indices { made[index].faithfulness = 0.25 - 0.02 * Double(index) }
        let all = try sentence(ComparisonAdvice.advice(for: table(results(made))), "For new places")
        #expect(all.contains("DreamBooth loses least (0.25 ± 0.00), Textual Inversion most (0.19"))
        let memory = try sentence(advice, "For this machine")
        #expect(memory.contains("80 % go to DreamBooth with prior preservation"))
    }

    @Test func theFewestPhotosThatDoAsWellAreNamed() throws {
        let made = [
            Made(method: .lora, likeness: 0.60, photos: 1),
            Made(method: .lora, likeness: 0.749, photos: 3),
            Made(method: .lora, likeness: 0.75, photos: 5),
        ]
        let table = table(results(made))
        #expect(table.rows.map(\.photoCount) == [5, 3, 1])
        #expect(table.mainRows.map(\.photoCount) == [5])
        let found = try sentence(ComparisonAdvice.advice(for: table), "For this many photos")
        #expect(found.hasPrefix("LoRA needs 3 photos (likeness with 1: 0.60 ± 0.00, 3: "))
    }

    /// Two seeds of one photo that are far apart do not make one photo enough.
    @Test func chanceDoesNotMakeFewPhotosEnough() throws {
        let few = results([Made(method: .lora, likeness: 0.60, photos: 1)], seeds: 2, step: 0.3)
        let all = results([Made(method: .lora, likeness: 0.75, photos: 5)], seeds: 2, step: 0.3)
        let advice = ComparisonAdvice.advice(for: table(few + all))
        #expect(try sentence(advice, "For this many photos").hasPrefix("LoRA needs 5 photos"))
        #expect(!advice.contains { $0.topic == "To start with" }, "one method is no choice")
    }

    @Test func withoutACLIPOnlyCostsAndThePredictionAreJudged() throws {
        let table = ComparisonTable(results(Self.asReported, hasPictures: false))
        let advice = ComparisonAdvice.advice(for: table)
        #expect(advice.first?.topic == "What is missing")
        #expect(!advice.contains { $0.topic == "For the best likeness" })
        #expect(
            try sentence(advice, "To keep other things of the class as they are")
                .hasPrefix("Textual Inversion"))
        #expect(!table.markdown.contains("likeness"))
        #expect(table.markdown.contains("drift of the prediction"))
        #expect(!table.markdown.contains("untrained"))
    }

    @Test func theOrderOfTheLiteratureIsSeenOrNot() throws {
        let seen = LiteratureOrder.checks(of: table(results(Self.asReported)))
        #expect(seen.count == 5)
        #expect(seen.allSatisfy { $0.outcome == .seen }, "\(seen)")
        var made = Self.asReported
        made[3].likeness = 0.9
        made[2].seconds = 300
        made[1].diversity = 0.1
        let other = LiteratureOrder.checks(of: table(results(made)))
        #expect(
            other.map(\.outcome) == [.notSeen, .notSeen, .notSeen, .seen, .notSeen], "\(other)")
        // What was not measured is not judged.
        let few = LiteratureOrder.checks(of: table(results([Self.asReported[0]])))
        #expect(few.isEmpty)
    }

    @Test func theTableHasTheUntrainedModelFirstAndThePhotosLast() throws {
        let lines = table(results(Self.asReported)).markdown.split(separator: "\n")
        #expect(lines.count == 2 + 1 + 4 + 1)
        #expect(lines[2].hasPrefix("| untrained | 0.40 | 0.30 | 0.00 |"))
        #expect(lines[3].hasPrefix("| DreamBooth | 0.82 ± 0.00 |"))
        #expect(lines[7].hasPrefix("| the photos against held-out ones | 0.90 |"))
        // Every line has as many cells.
        #expect(Set(lines.map { line in line.filter { $0 == "|" }.count }).count == 1)
    }
}

/// The figures of pictures, on embeddings of which the cosines are known.
@Suite struct PictureFiguresTests {
    private let measure: Likeness

    init() throws {
        measure = try Likeness(clip: Fixture.url("clip/tiny-clip"), tokenizer: nil)
    }

    private func rows(_ numbers: [Double]) -> Tensor {
        Tensor(numbers.map(Float.init), shape: [numbers.count / 2, 2])
    }

    @Test func figuresAreMeanCosines() throws {
        let photos = rows([1, 0])
        let found = PictureFigures(
            subject: rows([1, 0, 0.6, 0.8]), ofClass: rows([0, 1, 0.6, 0.8]),
            placed: rows([1, 0, 0, 1]), texts: rows([0.6, 0.8, 0.6, 0.8]),
            untrained: rows([0, 1, 0, 1]), photos: photos, with: measure)
        #expect(abs(found.likeness - 0.8) < 1e-6)
        #expect(abs(found.faithfulness - 0.7) < 1e-6)
        // Cosines 1 and 0.8 with the untrained model's.
        #expect(abs(found.drift - 0.1) < 1e-6)
        #expect(abs(found.nearness - 0.3) < 1e-6)
        #expect(abs(try #require(found.classDiversity) - 0.2) < 1e-6)
        #expect(abs(try #require(found.subjectDiversity) - 0.4) < 1e-6)
        #expect(PictureFigures.diversity(of: photos, with: measure) == nil)
    }
}
