/// The figure that says which method comes nearer to the subject: the match where it was measured,
/// which tells things of a kind apart; else CLIP's likeness.
struct SubjectYardstick {
    /// What the figure is called.
    let name: String
    /// The untrained model's.
    let untrained: Double
    /// That of photos of the subject.
    let photos: Double?
    /// Differences that nobody would notice.
    let floor: Double
    /// A row's; nil where it was not measured.
    let value: (ComparisonTable.Row) -> Spread?
    private let number: (Double) -> String

    init?(_ table: ComparisonTable) {
        if table.mainRows.contains(where: { $0.match != nil }) {
            name = "match"
            untrained = 0
            photos = 1
            floor = 0.03
            value = { $0.match }
            number = FigureText.share
        } else if let figures = table.untrained {
            name = "likeness"
            untrained = figures.likeness
            photos = table.ceiling
            floor = ComparisonAdvice.floor
            value = { $0.likeness }
            number = FigureText.cosine
        } else {
            return nil
        }
    }

    /// A figure for people.
    func text(_ value: Double) -> String { number(value) }

    /// A figure over several seeds for people.
    func text(_ spread: Spread) -> String {
        number(spread.mean) + (spread.deviation.map { " ± " + number($0) } ?? "")
    }

    /// `match 73 % ± 4 %`; nil where it was not measured.
    func named(_ row: ComparisonTable.Row) -> String? {
        value(row).map { "\(name) \(text($0))" }
    }
}
