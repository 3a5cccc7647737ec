public import Torch

/// Any optimizer whose parameters and moments lie in main memory, while the network computes with
/// copies of the parameters on its device (Ren et al. 2021, "ZeRO-Offload", arXiv 2101.06840,
/// section 4).
///
/// A gradient goes to main memory as soon as backward has it, and its place on the device is free
/// again; after a step, the copies are made anew. The numbers are those of the optimizer inside:
/// what is cast in every forward there is cast once a step here.
public final class OffloadedOptimizer: Optimizer {
    /// The optimizer that moves the parameters.
    public let base: any Optimizer
    /// The parameters of the optimizer inside, in main memory.
    public let parameters: [(name: String, tensor: Tensor)]
    private let copies: [Tensor]
    /// Where the gradients lie that are on a disk, by the parameter; nil: in memory of their own.
    private let places: [Tensor?]
    private var observers: [Int: () -> Void] = [:]

    /// - Parameters:
    ///   - copies: of the optimizer's parameters, in their order: leaves that collect gradients.
    ///   - disks: where the gradients of each go; none: to main memory.
    public init(_ base: any Optimizer, copies: [Tensor], disks: [DiskMemory?] = []) {
        parameters = base.parameters
        precondition(parameters.count == copies.count, "every parameter has a copy")
        self.base = base
        self.copies = copies
        precondition([0, copies.count].contains(disks.count), "every parameter has a place")
        // Made now: gradients arrive on more than one thread.
        places = withoutGradients { [parameters] in
            disks.isEmpty
                ? copies.map { _ in nil }
                : zip(parameters, disks).map { parameter, disk in
                    disk?.place(
                        parameter.tensor.detached().converted(to: .float32, copies: true))
                }
        }
        for (index, copy) in copies.enumerated() {
            copy.onGradient { [weak self] in self?.arrive(index) }
        }
    }

    deinit {
        for copy in copies { copy.onGradient(nil) }
    }

    /// As the optimizer inside.
    public var usesLearningRate: Bool { base.usesLearningRate }
    /// As the optimizer inside.
    public var stepsPartially: Bool { base.stepsPartially }
    /// As the optimizer inside.
    public var state: [(name: String, tensor: Tensor)] { base.state }

    /// Called by backward, on the thread that computes it.
    private func arrive(_ index: Int) {
        guard let gradient = copies[index].gradient else { return }
        copies[index].gradient = nil
        withoutGradients {
            let parameter = parameters[index].tensor
            let arrived = gradient.converted(
                to: .float32, device: parameter.device,
                format: parameter.rank == 4 && !parameter.isContiguous()
                    ? .channelsLast : .contiguous)
            if let sum = parameter.gradient {
                sum.add(arrived)
            } else {
                parameter.gradient = placed(arrived, index)
            }
            parameter.gradient?.leaveMemory()
        }
        observers[index]?()
    }

    private func placed(_ gradient: Tensor, _ index: Int) -> Tensor {
        guard let place = places[index] else { return gradient }
        place.copy(from: gradient)
        return place
    }

    /// Calls `body` when the gradient of a parameter has come to main memory.
    public func onGradient(of index: Int, _ body: (() -> Void)?) { observers[index] = body }

    /// Moves those of the range that have a gradient, and renews their copies.
    public func step(_ range: Range<Int>, learningRate: Double) {
        let moved = range.filter { parameters[$0].tensor.gradient != nil }
        base.step(range, learningRate: learningRate)
        renew(moved)
    }

    /// Makes the parameters and their copies what is painted with.
    public func useAverages() {
        base.useAverages()
        renew(parameters.indices)
    }

    /// Makes the parameters and their copies what is trained.
    public func useIterates() {
        base.useIterates()
        renew(parameters.indices)
    }

    /// Makes all copies anew.
    public func parametersChanged() { renew(parameters.indices) }

    private func renew(_ indices: some Sequence<Int>) {
        withoutGradients {
            for index in indices { copies[index].copy(from: parameters[index].tensor) }
        }
    }
}
