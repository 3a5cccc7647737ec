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
    static let patience = 3
    /// What counts as a gain, as a share of the best error before.
    static let gain = 0.01
    /// What counts as still falling: the share that the last quarter has of all that was gained.
    static let falling = 0.1
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

    /// What a run came to.
    package enum Outcome {
        case nothing
        /// The error was lowest before the end.
        case risen
        /// Too few readings to say more.
        case early
        case falling
        case settled

        /// Whether people have something for their time.
        package var isGood: Bool { self != .nothing && self != .risen }
    }

    /// What happened; nil with fewer than two readings.
    package var outcome: Outcome? {
        guard let first = readings.first, let last = readings.last, readings.count > 1,
            let best, first.error > 0
        else { return nil }
        guard (first.error - best.error) / first.error >= Self.learned else { return .nothing }
        if last.error > best.error * (1 + 2 * Self.gain) { return .risen }
        guard readings.count > Self.patience else { return .early }
        let quarter = readings[readings.count - 1 - max(1, readings.count / 4)]
        let recent = quarter.error - last.error
        return recent > max((first.error - best.error) * Self.falling, first.error * Self.gain / 2)
            ? .falling : .settled
    }

    /// What happened, in one sentence; nil with fewer than two readings.
    public var verdict: String? { verdict(naming: nil) }

    /// What happened, in one sentence; nil with fewer than two readings.
    ///
    /// - Parameter bestFolder: where the state of the best reading is, if it was kept.
    public func verdict(naming bestFolder: String?) -> String? {
        guard let outcome, let first = readings.first, let last = readings.last, let best
        else { return nil }
        let fall = percent((first.error - best.error) / first.error)
        let drift = "the class moved by \(percent(last.drift))"
        // The error of photos that are trained on can fall by learning them by heart.
        let isHeldOut = last.trainError != nil
        let error = "the error on the \(isHeldOut ? "held-out photos" : "photos")"
        let kept =
            bestFolder.map {
                best.step > 0 && best.step < last.step
                    ? "; the best state, of step "
                        + "\(best.step), is in \($0)" : ""
            } ?? ""
        switch outcome {
        case .nothing:
            return
                "Nothing was learned: \(error) was \(short(first.error)) before "
                + "and is \(short(last.error)) now; the learning rate is probably too low, or "
                + "the steps too few."
        case .risen:
            let trained = last.trainError.flatMap { now in
                readings.first { $0.step == best.step }?.trainError.map { now < $0 }
            }
            let overfitted =
                trained == true
                ? "it has risen since while that on the others fell, which is overfitting, so "
                : "it has risen since, so "
            return
                "Learned until step \(best.step), where \(error) was \(fall) lower than before; "
                + "\(overfitted)fewer steps or a lower learning rate are better (\(drift))\(kept)."
        case .early:
            return
                "Learned: \(error) is \(fall) lower than before; in so few steps it cannot be said "
                + "whether it has settled (\(drift))\(kept)."
        case .falling:
            return
                "Still learning: \(error) is \(fall) lower than before and was falling at the end, "
                + "so more steps may bring more (\(drift))\(kept)."
        case .settled:
            return
                "Learned: \(error) is \(fall) lower than before and has settled (\(drift))\(kept)."
        }
    }

    private func short(_ value: Double) -> String { "\((value * 10000).rounded() / 10000)" }
    private func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
}
