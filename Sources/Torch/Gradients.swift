internal import CTorch

extension Tensor {
    /// Whether backward collects a gradient for this tensor.
    public var requiresGradient: Bool {
        get { withExtendedLifetime(self) { ct_requires_grad(handle) } }
        set { perform("requiresGradient", [self]) { ct_set_requires_grad(handle, newValue) } }
    }

    /// What backward has added up so far; nil before the first, and after it is set to nil.
    public var gradient: Tensor? {
        get {
            var out = ct_tensor(impl: nil)
            perform("gradient", [self]) { ct_gradient(handle, &out) }
            return out.impl == nil ? nil : Tensor(owning: out)
        }
        set {
            perform("gradient", operands(self, newValue)) {
                ct_set_gradient(handle, newValue?.handle ?? ct_tensor(impl: nil))
            }
        }
    }

    /// The same elements, out of the record that backward follows.
    public func detached() -> Tensor { unary(CT_DETACH, "detached") }

    /// A copy of this tensor, such as one on a GPU, of which backward gives the gradients to this
    /// tensor, in its dtype and where it is.
    public func represented(by copy: Tensor) -> Tensor {
        produce("represented", [self, copy]) { ct_represented(handle, copy.handle, $0) }
    }

    /// Calls `body` each time backward has added to this leaf's ``gradient``, on the thread that
    /// computes it; nil takes the one before away.
    ///
    /// `body` may move the leaf and set its gradient to nil: what backward has still to do needs
    /// neither. It is kept until it is taken away, so it must not hold the tensor itself.
    public func onGradient(_ body: (() -> Void)?) {
        guard let body else {
            return perform("onGradient", [self]) { ct_set_gradient_hook(handle, nil, nil, nil) }
        }
        let context = Unmanaged.passRetained(GradientHook(body)).toOpaque()
        perform("onGradient", [self]) {
            ct_set_gradient_hook(
                handle,
                { context in
                    guard let context else { return }
                    Unmanaged<GradientHook>.fromOpaque(context).takeUnretainedValue().body()
                },
                context,
                { context in
                    guard let context else { return }
                    Unmanaged<GradientHook>.fromOpaque(context).release()
                })
        }
    }

    /// Adds the gradients of this one number to every tensor it was computed from.
    public func backward() {
        perform("backward", [self]) { ct_backward(handle) }
    }
}

/// Runs `body` without recording anything for backward, on this thread.
public func withoutGradients<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let before = ct_set_grad_mode(false)
    defer { _ = ct_set_grad_mode(before) }
    return try body()
}

/// Computes `body(inputs)` without keeping what backward needs, and computes it a second time in
/// backward (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").
///
/// `body` must give the same result both times: it must not draw random numbers.
public func checkpointed(_ inputs: [Tensor], _ body: @escaping ([Tensor]) -> Tensor) -> Tensor {
    let context = Unmanaged.passRetained(Segment(body)).toOpaque()
    let handles = inputs.map(\.handle)
    return produce("checkpointed", inputs) {
        ct_checkpoint(
            { context, inputs, count, output in
                let segment = Unmanaged<Segment>.fromOpaque(context).takeUnretainedValue()
                let arguments = (0..<count).map { index in
                    produce("argument", []) { ct_alias(inputs[index], $0) }
                }
                var result = ct_tensor(impl: nil)
                let computed = segment.body(arguments)
                perform("result", [computed]) { ct_alias(computed.handle, &result) }
                output.pointee = result
            },
            context,
            { Unmanaged<Segment>.fromOpaque($0).release() },
            handles, handles.count, $0)
    }
}

private final class Segment {
    let body: ([Tensor]) -> Tensor
    init(_ body: @escaping ([Tensor]) -> Tensor) { self.body = body }
}

private final class GradientHook {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
}
