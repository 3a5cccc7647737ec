/// Whether what the literature reports is seen in a comparison too.
public struct LiteratureOrder: Codable, Sendable, Equatable {
    /// What was found.
    public enum Outcome: String, Codable, Sendable {
        case seen
        case notSeen = "not seen"
        /// The figures are too near to each other for so few seeds.
        case unclear = "cannot be told"
    }

    /// What is reported, and by whom.
    public let claim: String
    /// Whether it is so here.
    public let outcome: Outcome
    /// The figures that say so.
    public let figures: String

    /// The claims of which both sides were measured.
    ///
    /// Sources: DreamBooth against Textual Inversion and prior preservation, Ruiz et al. 2022,
    /// arXiv 2208.12242, tables 1 and 3; LoRA, Hu et al. 2021, arXiv 2106.09685.
    public static func checks(of table: ComparisonTable) -> [LiteratureOrder] {
        let rows = table.mainRows
        func row(_ method: ComparedMethod) -> ComparisonTable.Row? {
            rows.first { $0.method == method }
        }
        let dreamBooths = rows.filter(\.method.isDreamBooth)
        let yardstick = SubjectYardstick(table)
        let nearest = yardstick.flatMap { yardstick in
            dreamBooths.filter { yardstick.value($0) != nil }
                .max { (yardstick.value($0)?.mean ?? 0) < (yardstick.value($1)?.mean ?? 0) }
                .map { (yardstick, $0) }
        }
        let checks = [
            nearest.flatMap { yardstick, best in
                nearestToSubject(best, rows.filter { !$0.method.isDreamBooth }, yardstick)
            },
            nearest.flatMap { yardstick, best in
                row(.textualInversion).flatMap { fainter($0, best, yardstick) }
            },
            row(.lora).flatMap { lora in
                dreamBooths.min { $0.seconds.mean < $1.seconds.mean }.map { quick(lora, $0) }
            },
            row(.lora).flatMap { lora in dreamBooths.first.map { small(lora, $0) } },
            row(.dreamBooth).flatMap { without in
                row(.dreamBoothWithPrior).flatMap { diverse($0, without) }
            },
        ]
        return checks.compactMap(\.self)
    }

    private static func outcome(_ order: Spread.Order, hoped: Spread.Order) -> Outcome {
        order == hoped ? .seen : order == .level ? .unclear : .notSeen
    }

    private static func nearestToSubject(
        _ best: ComparisonTable.Row, _ others: [ComparisonTable.Row],
        _ yardstick: SubjectYardstick
    ) -> LiteratureOrder? {
        let measured = others.compactMap { row in yardstick.value(row).map { (row, $0) } }
        guard let likeness = yardstick.value(best), !measured.isEmpty else { return nil }
        let orders = measured.map { likeness.order(to: $0.1, floor: yardstick.floor) }
        let outcome: Outcome =
            orders.contains(.below) ? .notSeen : orders.contains(.level) ? .unclear : .seen
        let figures = measured.map { "\($0.0.method.label) \(yardstick.text($0.1))" }
        return .init(
            claim: "DreamBooth comes nearest to the subject", outcome: outcome,
            figures: "\(yardstick.name) of \(best.method.label) \(yardstick.text(likeness)); "
                + figures.joined(separator: ", "))
    }

    private static func fainter(
        _ inversion: ComparisonTable.Row, _ best: ComparisonTable.Row,
        _ yardstick: SubjectYardstick
    ) -> LiteratureOrder? {
        guard let faint = yardstick.value(inversion), let near = yardstick.value(best)
        else { return nil }
        return .init(
            claim: "Textual Inversion shows the subject more faintly than DreamBooth",
            outcome: outcome(faint.order(to: near, floor: yardstick.floor), hoped: .below),
            figures: "\(yardstick.name) \(yardstick.text(faint)) against \(yardstick.text(near))")
    }

    /// Times differ by more than a tenth, or are level.
    private static func quick(
        _ lora: ComparisonTable.Row, _ dreamBooth: ComparisonTable.Row
    ) -> LiteratureOrder {
        let order = lora.seconds.order(
            to: dreamBooth.seconds, floor: 0.1 / 3 * dreamBooth.seconds.mean)
        return .init(
            claim: "LoRA is quicker than DreamBooth", outcome: outcome(order, hoped: .below),
            figures: "\(ComparisonAdvice.training(lora)) against "
                + ComparisonAdvice.training(dreamBooth))
    }

    /// Small is a quarter at most.
    private static func small(
        _ lora: ComparisonTable.Row, _ dreamBooth: ComparisonTable.Row
    ) -> LiteratureOrder {
        .init(
            claim: "LoRA's file is a small part of DreamBooth's model",
            outcome: lora.fileBytes.mean * 4 <= dreamBooth.fileBytes.mean ? .seen : .notSeen,
            figures: "\(FigureText.bytes(lora.fileBytes.mean)) against "
                + FigureText.bytes(dreamBooth.fileBytes.mean))
    }

    private static func diverse(
        _ with: ComparisonTable.Row, _ without: ComparisonTable.Row
    ) -> LiteratureOrder? {
        guard let kept = with.classDiversity, let lost = without.classDiversity else { return nil }
        let nearness =
            with.nearness.flatMap { a in
                without.nearness.map { b in
                    "; nearness of the class to the photos \(FigureText.cosine(a)) against "
                        + FigureText.cosine(b)
                }
            } ?? ""
        return .init(
            claim: "Prior preservation keeps the class diverse",
            outcome: outcome(
                kept.order(to: lost, floor: ComparisonAdvice.floor), hoped: .above),
            figures: "diversity of class pictures \(FigureText.cosine(kept)) with it, "
                + "\(FigureText.cosine(lost)) without\(nearness)")
    }
}
