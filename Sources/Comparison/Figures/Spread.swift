/// A figure measured on several seeds: its mean, and how far the seeds are apart.
public struct Spread: Codable, Sendable, Equatable {
    /// Over the seeds.
    public let mean: Double
    /// The standard deviation of a sample (divided by count − 1); nil for a single seed.
    public let deviation: Double?
    /// How many seeds.
    public let count: Int

    /// The spread of these values; nil where there are none, or one of them is not finite.
    public init?(_ values: [Double]) {
        guard !values.isEmpty, values.allSatisfy(\.isFinite) else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        self.mean = mean
        count = values.count
        deviation =
            values.count < 2
            ? nil
            : (values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
                / Double(values.count - 1)).squareRoot()
    }

    /// How one spread lies to another.
    public enum Order: Sendable, Equatable {
        /// Higher beyond chance.
        case above
        /// Too near for so few seeds.
        case level
        /// Lower beyond chance.
        case below
    }

    /// Whether this figure is above or below another one, or cannot be told from it.
    ///
    /// Told apart are means that differ by more than two standard errors of their difference
    /// (about 95 %), and by more than `floor`. Where either has one seed only, and so no deviation,
    /// three times the floor is asked for instead.
    /// - Parameter floor: what nobody would notice, in the figure's own unit.
    public func order(to other: Spread, floor: Double) -> Order {
        let difference = mean - other.mean
        let margin = Self.margin(self, other, floor: floor)
        return difference > margin ? .above : difference < -margin ? .below : .level
    }

    static func margin(_ a: Spread, _ b: Spread, floor: Double) -> Double {
        guard let first = a.deviation, let second = b.deviation else { return 3 * floor }
        let error = first * first / Double(a.count) + second * second / Double(b.count)
        return max(floor, 2 * error.squareRoot())
    }

    /// As ``order(to:floor:)``, against a figure that has no seeds, such as the untrained model's.
    public func order(to value: Double, floor: Double) -> Order {
        let margin =
            deviation.map { max(floor, 2 * $0 / Double(count).squareRoot()) } ?? 3 * floor
        return mean - value > margin ? .above : mean - value < -margin ? .below : .level
    }
}
