/// What the loss is multiplied by before backward, so that small fp16 gradients do not vanish
/// (Micikevicius et al. 2017, arXiv 1710.03740); the rules are those of PyTorch's `GradScaler`.
public struct GradientScale: Codable, Sendable, Equatable {
    /// Always 1 where gradients need no scale (fp32, bf16).
    public private(set) var factor: Double
    private let isDynamic: Bool
    private var goodSteps = 0
    private static let growthInterval = 2000

    /// - Parameter isDynamic: whether activations are fp16.
    public init(isDynamic: Bool) {
        self.isDynamic = isDynamic
        factor = isDynamic ? 65536 : 1
    }

    /// Whether a lower factor may cure gradients that are not finite.
    public var canBackOff: Bool { isDynamic && factor > 1 }

    /// After a step whose gradients were finite.
    public mutating func succeed() {
        guard isDynamic else { return }
        goodSteps += 1
        if goodSteps == Self.growthInterval {
            factor *= 2
            goodSteps = 0
        }
    }

    /// After gradients that were not finite.
    public mutating func backOff() {
        guard isDynamic else { return }
        factor *= 0.5
        goodSteps = 0
    }
}
