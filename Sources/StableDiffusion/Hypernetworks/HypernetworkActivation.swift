public import Torch

/// The functions between the layers of a hypernetwork, by the names that A1111 gives them.
///
/// A1111 offers all classes of `torch.nn.modules.activation`; here are those that are functions of
/// one number, without parameters and chance.
public enum HypernetworkActivation: String, Codable, Sendable, CaseIterable {
    /// None.
    case linear
    case relu, leakyrelu, elu
    /// Not Swish (that is `silu`) but its approximation `hardswish`: so A1111 has it.
    case swish
    case tanh, sigmoid
    case celu, gelu, hardshrink, hardsigmoid, hardswish, hardtanh, logsigmoid, mish, relu6, selu
    case silu, softplus, softshrink, softsign, tanhshrink

    /// The function of this name, in upper or lower case.
    ///
    /// - Throws: ``HypernetworkError/setting(_:found:wanted:)`` with the list of names.
    public init(named name: String) throws(HypernetworkError) {
        guard let found = Self(rawValue: name.lowercased()) else {
            throw .setting("activation function", found: "\"\(name)\"", wanted: Self.choice)
        }
        self = found
    }

    static var choice: String {
        "one of " + allCases.map(\.rawValue).joined(separator: ", ")
    }

    /// The function of every element, with the defaults of PyTorch's classes.
    ///
    /// Gradients are PyTorch's at 0 too, where the pieces of most of them meet.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        switch self {
        case .linear: x
        case .relu: x.relu()
        case .leakyrelu: isPositive(x).selecting(x, x * 0.01)
        case .elu, .celu: exponential(x, 1)
        case .swish, .hardswish: x * ramp(x)
        case .tanh: x.tanh()
        case .sigmoid: x.sigmoid()
        case .gelu: x.gelu()
        case .hardshrink: isPositive(x.abs() - 0.5).selecting(x, x * 0)
        case .hardsigmoid: ramp(x)
        case .hardtanh: x.clamped(-1, 1)
        case .logsigmoid: -soft(-x)
        case .mish: x * soft(x).tanh()
        case .relu6: x.relu().clamped(-1, 6)
        case .selu:
            exponential(x, 1.6732632423543772848170429916717) * 1.0507009873554804934193349852946
        case .silu: x.silu()
        case .softplus: soft(x)
        case .softshrink: x - x.clamped(-0.5, 0.5)
        case .softsign: x / (x.abs() + 1)
        case .tanhshrink: x - x.tanh()
        }
    }
}

private func isPositive(_ x: Tensor) -> Tensor { (-x).isLess(than: 0) }

private func ramp(_ x: Tensor) -> Tensor { (x + 3).clamped(0, 6) / 6 }

private func exponential(_ x: Tensor, _ scale: Double) -> Tensor {
    // Clamped, since an infinity in the branch that is not taken would make the gradient NaN.
    isPositive(x).selecting(x, (x.clamped(-.infinity, 0).exp() - 1) * scale)
}

private func soft(_ x: Tensor) -> Tensor {
    // From 20 on it is x, as PyTorch has it, and the logarithm would come to its end.
    (x - 20).relu() - (-x.clamped(-.infinity, 20)).sigmoid().log()
}
