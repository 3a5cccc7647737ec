/// A stretch of sigma that a sampler crosses with noise that is a piece of one Brownian path, so
/// that stretches which overlap share noise.
public struct BrownianPiece: Sendable, Equatable {
    /// Where it begins.
    public let start: Float
    /// Where it ends: below, as samplers go down.
    public let end: Float

    /// A stretch from one sigma to another; nil where they are the same.
    init?(from start: Float, to end: Float) {
        guard start != end else { return nil }
        (self.start, self.end) = (start, end)
    }

    /// Over which sigmas the path of a sampler lies.
    static func range(of sigmas: [Float]) -> ClosedRange<Float>? {
        let positive = sigmas.filter { $0 > 0 }
        guard let low = positive.min(), let high = positive.max(), low < high else { return nil }
        return low...high
    }

    /// The pieces of a sampler that crosses every step once; none for a step to zero noise.
    static func pieces(of sigmas: [Float]) -> [BrownianPiece?] {
        zip(sigmas, sigmas.dropFirst()).map { $1 > 0 ? BrownianPiece(from: $0, to: $1) : nil }
    }
}
