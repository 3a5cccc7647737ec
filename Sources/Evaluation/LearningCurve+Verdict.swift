extension LearningCurve {
    /// What a run came to.
    package enum Outcome {
        /// No error fell.
        case nothing
        /// Every error rose.
        case diverged
        /// Only the error on the photos that are trained on fell.
        case memorized
        /// The error was lowest before the end.
        case risen
        /// Too few readings to say more.
        case early
        case falling
        case settled

        /// Whether people have something for their time.
        package var isGood: Bool {
            switch self {
            case .early, .falling, .settled: true
            case .nothing, .diverged, .memorized, .risen: false
            }
        }
    }

    /// What happened; nil with fewer than two readings.
    package var outcome: Outcome? {
        guard let first = readings.first, let last = readings.last, readings.count > 1,
            let best, first.error > 0
        else { return nil }
        let hasRisen = last.error > best.error * (1 + 2 * Self.gain)
        guard (first.error - best.error) / first.error >= Self.learned else {
            let change = (first.error - last.error) / first.error
            if let fall = trainedFall, fall - change >= Self.learned, fall >= Self.learned {
                return .memorized
            }
            return hasRisen ? .diverged : .nothing
        }
        if hasRisen { return .risen }
        guard readings.count > Self.patience else { return .early }
        let quarter = readings[readings.count - 1 - max(1, readings.count / 4)]
        let recent = quarter.error - last.error
        return recent > max((first.error - best.error) * Self.falling, first.error * Self.gain / 2)
            ? .falling : .settled
    }

    /// By what share the error on the photos that are trained on fell; nil where it is not apart.
    private var trainedFall: Double? {
        guard let before = readings.first?.trainError, let now = readings.last?.trainError
        else { return nil }
        return (before - now) / before
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
        let isHeldOut = last.trainError != nil
        let error = "the error on the \(isHeldOut ? "held-out photos" : "photos")"
        let change = "was \(short(first.error)) before and is \(short(last.error)) now"
        let kept =
            bestFolder.map {
                best.step > 0 && best.step < last.step
                    ? "; the best state, of step \(best.step), is in \($0)" : ""
            } ?? ""
        // The error of photos that are trained on falls by learning them by heart as well.
        let doubt =
            isHeldOut
            ? "" : "; whether the subject or only its photos, the pictures must show"
        switch outcome {
        case .nothing:
            return
                "Nothing was learned: \(error) \(change); the learning rate is probably too low, "
                + "or the steps too few."
        case .diverged:
            return
                "Nothing was learned: \(error) has risen (it \(change)), so the learning rate is "
                + "probably too high (\(drift))."
        case .memorized:
            return
                "Overfitted from the beginning: the error on the photos it trains on fell by "
                + "\(percent(trainedFall ?? 0)), but \(error) \(change), so the photos were learned "
                + "by heart; a lower learning rate, prior preservation or more photos are better "
                + "(\(drift))."
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
                + "so more steps may bring more (\(drift))\(doubt)\(kept)."
        case .settled:
            return
                "Learned: \(error) is \(fall) lower than before and has settled "
                + "(\(drift))\(doubt)\(kept)."
        }
    }

    private func short(_ value: Double) -> String { "\((value * 10000).rounded() / 10000)" }
    private func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }
}
