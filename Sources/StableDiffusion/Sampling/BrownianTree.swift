import Foundation
package import Torch

/// One Brownian path between two sigmas, the same whatever is asked of it and in which order: halved
/// again and again, with a seed for every half. The numbers are those of torchsde's `BrownianTree`.
///
/// Source: `torchsde/_brownian/brownian_interval.py`, with its `halfway_tree`.
package struct BrownianTree {
    private let seed: UInt64
    private let shape: [Int]
    private let ends: ClosedRange<Double>
    private let whole: Tensor
    private static let poolSize = 24

    /// - Parameters:
    ///   - seed: that of the picture.
    ///   - shape: of one picture's latents.
    package init(seed: UInt64, shape: [Int], over range: ClosedRange<Double>) {
        self.seed = seed
        self.shape = shape
        let (low, high) = (range.lowerBound, range.upperBound)
        ends = BrownianTree.rounded(low)...BrownianTree.rounded(high)
        let first = SeedSequence(seed, poolSize: BrownianTree.poolSize).words(1)[0]
        whole =
            Tensor.randn(shape, generator: Generator(seed: UInt64(first)))
            * (high - low).squareRoot()
    }

    /// How far the path goes between two places, the lower first; on the CPU.
    package func increment(_ start: Double, _ end: Double) -> Tensor {
        func place(_ value: Double) -> Double {
            BrownianTree.rounded(min(max(value, ends.lowerBound), ends.upperBound))
        }
        var sum: Tensor?
        collect(place(start), place(end), from: Node(ends: ends, key: 0, depth: 0), whole, &sum)
        return sum ?? .zeros(shape)
    }

    /// k-diffusion's `BrownianTreeNoiseSampler`: standard normal numbers.
    package func noise(_ piece: BrownianPiece) -> Tensor {
        let sign: Double = piece.end < piece.start ? -1 : 1
        let low = Double(min(piece.start, piece.end))
        let high = Double(max(piece.start, piece.end))
        return sign * increment(low, high) / Double(abs(piece.end - piece.start).squareRoot())
    }

    private struct Node {
        let ends: ClosedRange<Double>
        let key: UInt64
        let depth: UInt64
    }

    /// Adds up the fewest halves of halves that cover a stretch, from left to right.
    private func collect(
        _ start: Double, _ end: Double, from node: Node, _ increment: Tensor, _ sum: inout Tensor?
    ) {
        let (low, high) = (node.ends.lowerBound, node.ends.upperBound)
        guard start < end else { return }
        if start <= low, high <= end {
            sum = sum.map { $0 + increment } ?? increment
            return
        }
        let middle = BrownianTree.rounded(0.5 * (high + low))
        guard low < middle, middle < high else { return }
        let reciprocal = 1 / (high - low)
        let seeds = SeedSequence(
            seed, key: [node.key, node.depth], poolSize: BrownianTree.poolSize)
        let noise = Tensor.randn(shape, generator: Generator(seed: UInt64(seeds.words(1)[0])))
        let variance = (middle - low) * (high - middle) * reciprocal
        let left = (middle - low) * increment * reciprocal + variance.squareRoot() * noise
        if start < middle {
            let half = Node(ends: low...middle, key: 2 * node.key, depth: node.depth + 1)
            collect(start, end, from: half, left, &sum)
        }
        if end > middle {
            let half = Node(ends: middle...high, key: 2 * node.key + 1, depth: node.depth + 1)
            collect(start, end, from: half, increment - left, &sum)
        }
    }

    /// Python's `round(value, 6)`: places closer than that are one.
    private static func rounded(_ value: Double) -> Double {
        Double(String(format: "%.6f", value)) ?? value
    }
}
