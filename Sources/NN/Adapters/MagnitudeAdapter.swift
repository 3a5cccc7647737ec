public import Torch

/// DoRA: another adapter gives the direction of the weights, and every row or column has a trained
/// magnitude (Liu et al. 2024, arXiv 2402.09353, equation 5).
public final class MagnitudeAdapter: LayerAdapter {
    /// Which weights share a magnitude.
    public enum Axis: Sendable {
        /// Those of one output: PEFT's, and the paper's.
        case output
        /// Those of one input: what A1111 reads.
        case input
    }

    /// Gives the direction.
    public let direction: any LayerAdapter
    /// The norms, `[outputs]` or `[inputs]` elements.
    public let magnitude: Tensor
    /// Which weights share one.
    public let axis: Axis
    /// How much the change counts: 1 is what was trained.
    public var strength = 1.0

    /// An adapter from stored parts.
    public init(direction: any LayerAdapter, magnitude: Tensor, axis: Axis) {
        self.direction = direction
        self.magnitude = magnitude
        self.axis = axis
    }

    /// The magnitudes of the layer as it is, so that nothing changes at first.
    public convenience init(direction: any LayerAdapter, of weight: Tensor, axis: Axis) {
        let norms = withoutGradients { Self.norms(weight.cast(to: .float32), axis).detached() }
        self.init(direction: direction, magnitude: norms.reshaped(-1).copied(), axis: axis)
    }

    /// What is trained, by the names that LyCORIS and kohya give it.
    public var parameters: [(name: String, tensor: Tensor)] {
        direction.parameters + [("dora_scale", magnitude)]
    }

    /// The change at full strength, in the shape of the weight.
    public func weightDifference(_ weight: Tensor) -> Tensor {
        let base = weight.cast(to: .float32)
        let moved = base + direction.weightDifference(weight)
        // The norm counts as a constant in backward (section 4.3 of the paper; so does PEFT).
        let norms = withoutGradients { Self.norms(moved, axis) }.detached()
        return moved * (magnitude.reshaped(norms.shape) / norms) - base
    }

    /// `[outputs, 1, …]` or `[1, inputs, 1, …]`.
    private static func norms(_ weight: Tensor, _ axis: Axis) -> Tensor {
        let kept = axis == .output ? 0 : 1
        return weight.norm((0..<weight.rank).filter { $0 != kept }, keepsAxes: true)
    }
}
