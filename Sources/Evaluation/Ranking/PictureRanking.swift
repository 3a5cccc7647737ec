/// Pictures of a run in the order in which they are worth looking at.
///
/// Figures of different kinds have no common unit, so each counts by its place among those of the
/// run: 1 for the best picture, 0 for the worst. What is sharper than half of the run is sharp
/// enough: noise is sharper than any picture.
public struct PictureRanking: Sendable, Equatable {
    /// What was measured of a picture.
    public struct Figures: Codable, Sendable, Equatable {
        /// How much it looks like the subject's photos; nil: there were none.
        public var match: Double?
        /// How much it shows what its prompt says; nil: nothing tells, or it has no prompt.
        public var faithfulness: Double?
        /// How much detail there is.
        public var sharpness: Double
        /// What is nearly the same for nearly the same pictures.
        public var hash: UInt64

        /// Figures of a picture.
        public init(
            match: Double? = nil, faithfulness: Double? = nil, sharpness: Double, hash: UInt64
        ) {
            self.match = match
            self.faithfulness = faithfulness
            self.sharpness = sharpness
            self.hash = hash
        }
    }

    /// A picture at its place.
    public struct Place: Sendable, Equatable {
        /// The number of the picture.
        public let picture: Int
        /// How good it is among the run, 0 to 1.
        public let score: Double
        /// The number of a better picture that is nearly the same; nil: there is none.
        public let twin: Int?
    }

    /// The best first; what is nearly the same as a better one stands behind it.
    public let places: [Place]

    /// What the match and the faithfulness count, where the sharpness counts 1.
    static let weights = (match: 2.0, faithfulness: 2.0, sharpness: 1.0)
    /// Bits in which pictures that are nearly the same differ at most, of 64.
    static let twinDistance = 5

    /// Puts pictures in order.
    public init(_ figures: [Figures]) {
        let matches = Self.shares(figures.map(\.match))
        let faithful = Self.shares(figures.map(\.faithfulness))
        let sharp = Self.shares(figures.map { $0.sharpness }).map { $0.map { min(1, $0 * 2) } }
        let scores = figures.indices.map { index -> Double in
            let parts = [
                (matches[index], Self.weights.match), (faithful[index], Self.weights.faithfulness),
                (sharp[index], Self.weights.sharpness),
            ].compactMap { share, weight in share.map { ($0, weight) } }
            let sum = parts.reduce(0) { $0 + $1.1 }
            return parts.reduce(0) { $0 + $1.0 * $1.1 } / sum
        }
        let order = figures.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
        var firsts: [Int] = []
        var twins: [Int: [Int]] = [:]
        for index in order {
            let twin = firsts.first {
                (figures[$0].hash ^ figures[index].hash).nonzeroBitCount <= Self.twinDistance
            }
            if let twin { twins[twin, default: []].append(index) } else { firsts.append(index) }
        }
        places = firsts.flatMap { first in
            [Place(picture: first, score: scores[first], twin: nil)]
                + (twins[first] ?? []).map { Place(picture: $0, score: scores[$0], twin: first) }
        }
    }

    /// The numbers of the best pictures: those that are nearly the same as a better one come last.
    public func best(_ count: Int) -> [Int] {
        let order = places.filter { $0.twin == nil } + places.filter { $0.twin != nil }
        return order.prefix(count).map(\.picture)
    }

    /// The share of the others that each is better than; those that are the same have the same.
    private static func shares(_ values: [Double?]) -> [Double?] {
        let known = values.compactMap(\.self).sorted()
        return values.map { value in
            guard let value else { return nil }
            guard known.count > 1 else { return 1 }
            let below = known.partitioningIndex { $0 >= value }
            let above = known.count - known.partitioningIndex { $0 > value }
            return 0.5 + Double(below - above) / Double(2 * (known.count - 1))
        }
    }
}

extension [Double] {
    /// Where the first element is for which a condition holds, in an array that is sorted by it.
    fileprivate func partitioningIndex(where belongsInSecond: (Double) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if belongsInSecond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
