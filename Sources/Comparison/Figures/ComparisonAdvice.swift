/// One piece of advice, with the figure it follows from.
public struct ComparisonAdvice: Codable, Sendable, Equatable {
    /// What it is about: a purpose, the machine, the photos.
    public let topic: String
    /// One sentence or two.
    public let sentence: String

    /// Differences of cosines that nobody would notice.
    static let floor = 0.01
    /// The share of the best gain in likeness that makes a method one to start with.
    static let goodShare = 0.8
    /// The share below which a method has not really learned the subject.
    static let fairShare = 0.5
    /// The share of a machine's memory that a training may take.
    static let memoryShare = 0.8

    /// Which method for what, as far as these figures say.
    public static func advice(for table: ComparisonTable) -> [ComparisonAdvice] {
        let rows = table.mainRows
        guard !rows.isEmpty else { return [] }
        let known = SubjectYardstick(table)
        var result: [ComparisonAdvice?] = []
        if table.seedCount < 2 {
            let match = known.flatMap {
                $0.floor > floor ? " (of the \($0.name), \($0.text(3 * $0.floor)))" : nil
            }
            result.append(
                .init(
                    topic: "Certainty",
                    sentence: "Every method was trained with one seed only, so differences of "
                        + "less than \(FigureText.cosine(3 * floor))\(match ?? "") are taken for "
                        + "chance; more seeds say more."))
        }
        guard let yardstick = known else {
            return result.compactMap(\.self) + withoutPictures(rows, table)
        }
        if table.untrained == nil {
            result.append(
                .init(
                    topic: "What is missing",
                    sentence: "The model has no folder clip, so nothing can be said about prompts "
                        + "and diversity: judge these by eye."))
        }
        let learners = Learner.all(rows, yardstick)
        guard let best = learners.max(by: { $0.gain < $1.gain }) else {
            return result.compactMap(\.self) + [nothingLearned(rows, yardstick)]
        }
        let taught = learners.map(\.row)
        result += [
            rows.count > 1 ? start(learners, best, yardstick) : nil,
            nearest(learners, best, yardstick), classKept(learners, best),
        ]
        if let untrained = table.untrained {
            result += [
                classLost(rows, untrained), sameness(rows, untrained), prompts(rows, untrained),
            ]
        }
        result += [
            smallest(taught, yardstick), quickest(taught, yardstick), memory(taught, table),
            photos(table, yardstick),
        ]
        return result.compactMap(\.self)
    }

    /// A method that came nearer to the subject than the untrained model is.
    private struct Learner {
        let row: ComparisonTable.Row
        let likeness: Spread
        /// Of class pictures; without a CLIP that of the prediction.
        let drift: Spread
        /// `drift 0.12`, `drift of the prediction 4.2 %`
        let driftText: String
        let gain: Double

        static func all(
            _ rows: [ComparisonTable.Row], _ yardstick: SubjectYardstick
        ) -> [Learner] {
            rows.compactMap { row in
                guard let likeness = yardstick.value(row),
                    let drift = row.drift ?? row.predictionDrift,
                    likeness.order(to: yardstick.untrained, floor: yardstick.floor) == .above
                else { return nil }
                return Learner(
                    row: row, likeness: likeness, drift: drift,
                    driftText: row.drift == nil
                        ? "drift of the prediction \(FigureText.percent(drift.mean))"
                        : "drift \(FigureText.cosine(drift))",
                    gain: likeness.mean - yardstick.untrained)
            }
        }
    }

    private static func start(
        _ learners: [Learner], _ best: Learner, _ yardstick: SubjectYardstick
    ) -> ComparisonAdvice? {
        let good = learners.filter { $0.gain >= goodShare * best.gain }
        guard let chosen = good.min(by: { $0.drift.mean < $1.drift.mean }) else { return nil }
        let share = Int((chosen.gain / best.gain * 100).rounded())
        let reason =
            good.count == 1
            ? "it alone comes near the best gain in \(yardstick.name)"
            : "it has \(share) % of the best gain in \(yardstick.name), and of the \(good.count) methods "
                + "with at least \(Int(goodShare * 100)) % it moves other things of the class least"
        return .init(
            topic: "To start with",
            sentence: "\(chosen.row.method.label): \(reason) (\(yardstick.name) "
                + "\(yardstick.text(chosen.likeness)), \(chosen.driftText), "
                + "\(FigureText.time(chosen.row.seconds.mean)) of training).")
    }

    private static func nearest(
        _ learners: [Learner], _ best: Learner, _ yardstick: SubjectYardstick
    ) -> ComparisonAdvice? {
        let level = learners.filter {
            $0.row.method != best.row.method
                && best.likeness.order(to: $0.likeness, floor: yardstick.floor) != .above
        }
        let others = level.map { "\($0.row.method.label) (\(yardstick.text($0.likeness)))" }
        let ceiling =
            yardstick.photos.map { ", photos of it among each other \(yardstick.text($0))" } ?? ""
        return .init(
            topic: "For the best likeness",
            sentence: "\(best.row.method.label): its pictures come nearest to the subject "
                + "(\(yardstick.name) \(yardstick.text(best.likeness)); untrained "
                + "\(yardstick.text(yardstick.untrained))\(ceiling))."
                + (others.isEmpty
                    ? ""
                    : " Not to be told from it: \(FigureText.list(others))."))
    }

    private static func classKept(_ learners: [Learner], _ best: Learner) -> ComparisonAdvice? {
        let fair = learners.filter { $0.gain >= fairShare * best.gain }
        guard fair.count > 1, let least = fair.min(by: { $0.drift.mean < $1.drift.mean }),
            let most = fair.max(by: { $0.drift.mean < $1.drift.mean }),
            most.drift.order(to: least.drift, floor: floor) == .above
        else { return nil }
        return .init(
            topic: "To keep other things of the class as they are",
            sentence: "\(least.row.method.label): of the methods that learned the subject it "
                + "moves the class least (\(least.driftText)); \(most.row.method.label) moves it "
                + "most (\(most.driftText)).")
    }

    private static func classLost(
        _ rows: [ComparisonTable.Row], _ untrained: PictureFigures
    ) -> ComparisonAdvice? {
        let turned = rows.compactMap { row -> String? in
            guard let nearness = row.nearness,
                nearness.order(to: untrained.nearness, floor: floor) == .above
            else { return nil }
            return "\(row.method.label) (\(FigureText.cosine(nearness)))"
        }
        guard !turned.isEmpty else {
            return .init(
                topic: "Where the class turns into the subject",
                sentence: "With none of the methods does it: class pictures are no nearer to the "
                    + "photos than before (\(FigureText.cosine(untrained.nearness)) untrained).")
        }
        return .init(
            topic: "Where the class turns into the subject",
            sentence: "With \(FigureText.list(turned)) any thing of the class looks more like "
                + "yours than before (nearness to the photos \(FigureText.cosine(untrained.nearness))"
                + " untrained); where that matters, use another, or train fewer steps.")
    }

    private static func sameness(
        _ rows: [ComparisonTable.Row], _ untrained: PictureFigures
    ) -> ComparisonAdvice? {
        guard let before = untrained.classDiversity else { return nil }
        let narrowed = rows.compactMap { row -> String? in
            guard let diversity = row.classDiversity,
                diversity.order(to: before, floor: floor) == .below
            else { return nil }
            return "\(row.method.label) (\(FigureText.cosine(diversity)))"
        }
        guard !narrowed.isEmpty else { return nil }
        return .init(
            topic: "Where pictures grow alike",
            sentence: "With \(FigureText.list(narrowed)) two pictures of the class differ less "
                + "than before (diversity \(FigureText.cosine(before)) untrained).")
    }

    private static func prompts(
        _ rows: [ComparisonTable.Row], _ untrained: PictureFigures
    ) -> ComparisonAdvice? {
        let measured = rows.compactMap { row in row.faithfulness.map { (row, $0) } }
        let lost = measured.filter {
            $0.1.order(to: untrained.faithfulness, floor: floor) == .below
        }
        let before = FigureText.cosine(untrained.faithfulness)
        guard !lost.isEmpty else {
            return .init(
                topic: "For new places",
                sentence: "All methods still paint what the prompt says as well as the untrained "
                    + "model does (faithfulness \(before)).")
        }
        if lost.count == measured.count, lost.count > 1,
            let most = lost.max(by: { $0.1.mean < $1.1.mean }),
            let least = lost.min(by: { $0.1.mean < $1.1.mean })
        {
            return .init(
                topic: "For new places",
                sentence: "All methods show less of what the prompt says than the untrained model "
                    + "(faithfulness \(before)): \(most.0.method.label) loses least "
                    + "(\(FigureText.cosine(most.1))), \(least.0.method.label) most "
                    + "(\(FigureText.cosine(least.1))).")
        }
        let names = lost.map { "\($0.0.method.label) (\(FigureText.cosine($0.1)))" }
        let kept = measured.filter { row in !lost.contains { $0.0 == row.0 } }
            .max { $0.1.mean < $1.1.mean }
        let instead =
            kept.map { "; \($0.0.method.label) does not (\(FigureText.cosine($0.1)))" } ?? ""
        return .init(
            topic: "For new places",
            sentence:
                "\(FigureText.list(names)) \(names.count == 1 ? "shows" : "show") less of what the prompt says than the "
                + "untrained model (faithfulness \(before))\(instead).")
    }

    private static func nothingLearned(
        _ rows: [ComparisonTable.Row], _ yardstick: SubjectYardstick
    ) -> ComparisonAdvice {
        let highest = rows.compactMap { row in yardstick.value(row).map { (row, $0) } }
            .max { $0.1.mean < $1.1.mean }
        let figure =
            highest.map { "; the highest is \($0.0.method.label) with \(yardstick.text($0.1))" }
        return .init(
            topic: "Before anything else",
            sentence: "No method brought pictures nearer to the subject than the untrained model "
                + "is (\(yardstick.name) \(yardstick.text(yardstick.untrained))\(figure ?? "")): "
                + "train more steps, as with --steps-scale 2, before choosing by cost.")
    }
}
