/// One reading of a run's two curves, as `training.jsonl` records it.
public struct LearningReading: Codable, Sendable, Equatable {
    /// Steps done.
    public let step: Int
    /// The mean square error on the photos, noised in the same way every time; on those that are
    /// held out of training, where there are some.
    public let error: Double
    /// How far the prediction for the class is from the untrained model's, as a share of it.
    public let drift: Double
    /// The error on photos that are trained on, where ``error`` is that of others.
    public let trainError: Double?

    /// Whether it says anything.
    package var isFinite: Bool { error.isFinite && drift.isFinite && trainError?.isFinite != false }

    enum CodingKeys: String, CodingKey {
        case step
        case error = "photo_error"
        case drift
        case trainError = "train_error"
    }

    /// A reading; see the members.
    public init(step: Int, error: Double, drift: Double, trainError: Double? = nil) {
        self.step = step
        self.error = error
        self.drift = drift
        self.trainError = trainError
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
    package static let patience = 3
    /// What counts as a gain, as a share of the best error before.
    static let gain = 0.01
    /// What counts as still falling: the share that the last quarter has of all that was gained.
    static let falling = 0.1
    /// What counts as learned, as a share of the error at the beginning.
    static let learned = 0.02

    /// Whether the error has not fallen for `patience` readings while the drift grew.
    public var hasStalled: Bool {
        guard readings.count > Self.patience + 1 else { return false }
        let before = readings.dropLast(Self.patience)
        let recent = readings.suffix(Self.patience)
        guard let best = before.map(\.error).min(), let lowest = recent.map(\.error).min(),
            let first = before.last, let last = recent.last
        else { return false }
        return lowest > best * (1 - Self.gain) && last.drift > first.drift
    }
}
