public import Torch

/// What moves parameters down their gradients, in place.
///
/// It owns what it remembers from step to step; the parameters stay the caller's. A parameter
/// without a gradient is not moved by a step, and what is remembered of it stays as it is.
public protocol Optimizer: AnyObject {
    /// What is trained, in the order of the groups.
    var parameters: [(name: String, tensor: Tensor)] { get }

    /// All that the next step depends on besides parameters and gradients, under names that no
    /// two share.
    ///
    /// The tensors are the optimizer's own: it is restored by copying into them.
    var state: [(name: String, tensor: Tensor)] { get }

    /// Whether the rate given to a step means anything; not so where the algorithm sets its own.
    var usesLearningRate: Bool { get }

    /// Whether a step may be taken for some parameters alone, as their gradients arrive; not so
    /// where a step depends on all of them together.
    var stepsPartially: Bool { get }

    /// Calls `body` each time a parameter's gradient has arrived, on the thread that computes
    /// backward; nil takes the one before away.
    ///
    /// - Parameter index: the position in ``parameters``.
    func onGradient(of index: Int, _ body: (() -> Void)?)

    /// Moves those of some parameters that have a gradient by one step.
    ///
    /// - Parameter range: positions in ``parameters``; all of them unless ``stepsPartially``.
    func step(_ range: Range<Int>, learningRate: Double)

    /// Overwrites the parameters with what is to be painted with and saved, where that differs
    /// from what gradients are taken of. Nothing but ``useIterates()`` may follow.
    func useAverages()

    /// Told when somebody else has overwritten the parameters: what is computed with follows them.
    func parametersChanged()

    /// Undoes ``useAverages()``, to the last bit; also called when the parameters were overwritten,
    /// as by a restored state.
    func useIterates()
}

extension Optimizer {
    /// Moves every parameter that has a gradient by one step.
    public func step(learningRate: Double) {
        step(parameters.indices, learningRate: learningRate)
    }

    /// The gradients collected so far, of the parameters that have one.
    public var gradients: [Tensor] { parameters.compactMap(\.tensor.gradient) }

    /// Lets the next backward begin from nothing.
    public func clearGradients() {
        for parameter in parameters { parameter.tensor.gradient = nil }
    }

    /// Calls `body` as `Tensor.onGradient` does.
    public func onGradient(of index: Int, _ body: (() -> Void)?) {
        parameters[index].tensor.onGradient(body)
    }

    /// True: most algorithms use it.
    public var usesLearningRate: Bool { true }
    /// True: most algorithms look at one parameter at a time.
    public var stepsPartially: Bool { true }
    /// Nothing: most algorithms have no averages.
    public func useAverages() {}
    /// Nothing: most algorithms have no averages.
    public func useIterates() {}
    /// Nothing: mostly the parameters themselves are computed with.
    public func parametersChanged() {}
}
