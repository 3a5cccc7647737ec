/// The shape of what an error costs.
public enum LossKind: String, Codable, Sendable, CaseIterable {
    case l2
    case huber
    case smoothL1 = "smooth_l1"
}

/// How the threshold c of a loss depends on the timestep t of T, with σ² the noise over the signal:
///
///     constant     c
///     exponential  exp(t/T · ln c): 1 without noise, c with noise alone
///     snr          (1 - c) / (1 + σ)² + c: the same ends, another way between them
public enum HuberSchedule: String, Codable, Sendable, CaseIterable {
    case constant
    case snr
    case exponential
}
