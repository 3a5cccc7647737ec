public import Torch

/// Parameters that are trained in the same way.
public struct ParameterGroup {
    /// What the group is called in messages.
    public let name: String
    /// Leaves that collect gradients, each under a name that no other group has either.
    public let parameters: [(name: String, tensor: Tensor)]
    /// Multiplies the learning rate of every step.
    public let learningRateScale: Double
    /// What a step takes off a weight, times the learning rate; nil: as the optimizer is set.
    public let weightDecay: Double?
    /// The step after which the group stays as it is; nil: it is trained to the end.
    public let lastStep: Int?
    /// What the network computes with, in the order of the parameters, where these lie elsewhere;
    /// nil: the parameters themselves.
    public let copies: [Tensor]?
    /// Where parameters, moments and gradients lie that are used once a step; nil: in memory.
    public let disk: DiskMemory?

    /// What collects gradients.
    public var computed: [Tensor] { copies ?? parameters.map(\.tensor) }

    /// A group; see the members.
    public init(
        name: String, parameters: [(name: String, tensor: Tensor)], learningRateScale: Double = 1,
        weightDecay: Double? = nil, lastStep: Int? = nil, copies: [Tensor]? = nil,
        disk: DiskMemory? = nil
    ) {
        precondition(copies.map { $0.count == parameters.count } ?? true, "one copy for each")
        self.name = name
        self.parameters = parameters
        self.learningRateScale = learningRateScale
        self.weightDecay = weightDecay
        self.lastStep = lastStep
        self.copies = copies
        self.disk = disk
    }
}

/// The parameters of all groups in one list, as every optimizer keeps them.
struct TrainedParameters {
    /// One of them, with what its group says.
    struct Element {
        let name: String
        let tensor: Tensor
        let learningRateScale: Double
        let weightDecay: Double
        let disk: DiskMemory?

        /// A copy of the parameter, as it is now.
        func copy() -> Tensor {
            let result = tensor.detached().copied()
            return disk?.place(result) ?? result
        }

        /// A float32 tensor of zeros that lies in memory as the parameter does.
        ///
        /// The fused kernels walk through memory and look at no strides.
        func zeros() -> Tensor {
            let result = tensor.detached().converted(to: .float32, copies: true)
            result.fill(with: 0)
            return disk?.place(result) ?? result
        }
    }

    let elements: [Element]
    /// Where each group lies in the list.
    let spans: [Range<Int>]
    let named: [(name: String, tensor: Tensor)]

    /// - Parameter weightDecay: that of the groups which have none of their own.
    init(_ groups: [ParameterGroup], weightDecay: Double) {
        var spans: [Range<Int>] = []
        var elements: [Element] = []
        for group in groups {
            spans.append(elements.count..<(elements.count + group.parameters.count))
            elements += group.parameters.map {
                Element(
                    name: $0.name, tensor: $0.tensor, learningRateScale: group.learningRateScale,
                    weightDecay: group.weightDecay ?? weightDecay, disk: group.disk)
            }
        }
        precondition(
            Set(elements.map(\.name)).count == elements.count, "two parameters share a name")
        precondition(
            elements.allSatisfy { [.float32, .bfloat16].contains($0.tensor.dtype) },
            "parameters are trained in float32 or bfloat16")
        self.elements = elements
        self.spans = spans
        named = elements.map { ($0.name, $0.tensor) }
    }

    /// Those in a range that have a gradient.
    func moved(in range: Range<Int>) -> [(index: Int, element: Element, gradient: Tensor)] {
        range.compactMap { index in
            elements[index].tensor.gradient.map { (index, elements[index], $0) }
        }
    }
}
