public import Torch

/// A parameter of a layer: what is trained, saved and merged into, and what is computed with.
///
/// Where it lies and its dtype are those of its source. A computation has it in the dtype and on
/// the device of what it meets there, so weights may lie in main memory beside a GPU: each use
/// brings a copy, unless one was brought before (``BlockStream``). Of several processes another may
/// have it: then it is a placeholder here, and copies come from there (``BlockCarrier``).
public final class Parameter {
    /// The parameter itself.
    public let tensor: Tensor
    /// Whether it lies in another process.
    package let isElsewhere: Bool
    /// A copy that was brought to a device for a while.
    package var visitor: Tensor?

    /// A parameter that lies where this tensor does.
    public init(_ tensor: Tensor) {
        self.tensor = tensor
        isElsewhere = tensor.isPlaceholder
    }

    /// What is computed with beside `input`: in its dtype, where it is. Backward ends at
    /// ``tensor``.
    func used(with input: Tensor) -> Tensor {
        let (dtype, device) = (input.dtype, input.device)
        guard isElsewhere || tensor.device != device else { return tensor.cast(to: dtype) }
        let copy =
            visitor.flatMap { $0.device == device ? $0 : nil }
            ?? tensor.detached().converted(to: tensor.dtype, device: device)
        return (tensor.requiresGradient ? tensor.represented(by: copy) : copy).cast(to: dtype)
    }
}
