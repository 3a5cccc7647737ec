/// One reading of a run's two curves, as `training.jsonl` records it.
public struct LearningReading: Codable, Sendable, Equatable {
    /// Steps done.
    public let step: Int
    /// The mean square error on the photos, noised in the same way every time.
    public let error: Double
    /// How far the prediction for the class is from the untrained model's, as a share of it.
    public let drift: Double

    enum CodingKeys: String, CodingKey {
        case step
        case error = "photo_error"
        case drift
    }

    /// A reading; see the members.
    public init(step: Int, error: Double, drift: Double) {
        self.step = step
        self.error = error
        self.drift = drift
    }
}

/// The readings of a run, and what they mean.
public struct LearningCurve: Sendable, Equatable {
    /// In the order of the steps; the first is of the untrained model.
    public private(set) var readings: [LearningReading]

    /// A curve of these.
    public init(_ readings: [LearningReading] = []) { self.readings = readings }

    /// Adds a reading; one of the same step takes its place.
    public mutating func append(_ reading: LearningReading) {
        readings.removeAll { $0.step >= reading.step }
        readings.append(reading)
    }

    /// The reading with the smallest error.
    public var best: LearningReading? { readings.min { $0.error < $1.error } }

    /// Readings without a gain after which a run may end.
    static let patience = 3
    /// What counts as a gain, as a share of the best error before.
    static let gain = 0.01
    /// What counts as learned, as a share of the error at the beginning.
    static let learned = 0.02

    /// Whether the error has not fallen for ``patience`` readings while the drift grew.
    public var hasStalled: Bool {
        guard readings.count > Self.patience + 1 else { return false }
        let before = readings.dropLast(Self.patience)
        let recent = readings.suffix(Self.patience)
        guard let best = before.map(\.error).min(), let lowest = recent.map(\.error).min(),
            let first = before.last, let last = recent.last
        else { return false }
        return lowest > best * (1 - Self.gain) && last.drift > first.drift
    }

    /// What happened, in one sentence; nil with fewer than two readings.
    public var verdict: String? {
        guard let first = readings.first, let last = readings.last, readings.count > 1,
            let best, first.error > 0
        else { return nil }
        let share = (first.error - best.error) / first.error
        let drift = "the class moved by \(percent(last.drift))"
        guard share >= Self.learned else {
            return
                "Nothing was learned: the error on the photos was \(short(first.error)) before "
                + "and is \(short(last.error)) now; the learning rate is probably too low, or "
                + "the steps too few."
        }
        if last.error > best.error * (1 + 2 * Self.gain) {
            return
                "Learned until step \(best.step), where the error on the photos was "
                + "\(percent(share)) lower than before; it has risen since, so fewer steps or a "
                + "lower learning rate are better (\(drift))."
        }
        guard readings.count > Self.patience else {
            return
                "Learned: the error on the photos is \(percent(share)) lower than before; in so "
                + "few steps it cannot be said whether it has settled (\(drift))."
        }
        let quarter = readings[readings.count - 1 - max(1, readings.count / 4)]
        if quarter.error - last.error > first.error * Self.learned {
            return
                "Still learning: the error on the photos is \(percent(share)) lower than before "
                + "and was falling at the end, so more steps may bring more (\(drift))."
        }
        return
            "Learned: the error on the photos is \(percent(share)) lower than before and has "
            + "settled (\(drift))."
    }

    private func short(_ value: Double) -> String { "\((value * 10000).rounded() / 10000)" }
    private func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
}
