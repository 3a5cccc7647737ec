import NN
import Torch

/// New weights for a hypernetwork, distributed as A1111's are.
///
/// Source: `HypernetworkModule` in A1111's `modules/hypernetworks/hypernetwork.py`, with the
/// formulas of `torch.nn.init`. A1111 asks for the gain of ReLU, or of a leaky ReLU of slope 0,
/// which is the same.
struct HypernetworkInitialization: ParameterSource {
    let method: HypernetworkConfiguration.WeightInitialization
    let generator: Generator
    let device: Device

    func has(_ name: String) -> Bool { true }

    /// - Parameter initialization: what layers have elsewhere; not used here.
    func tensor(
        _ name: String, shape: [Int], _ initialization: Initialization
    ) throws(CheckpointError) -> Tensor {
        drawn(name, shape).moved(to: device)
    }

    private func drawn(_ name: String, _ shape: [Int]) -> Tensor {
        if name.hasSuffix(".bias") { return Tensor.zeros(shape) }
        guard shape.count == 2 else { return normal(shape, 0.01) }
        let (outputs, inputs) = (Double(shape[0]), Double(shape[1]))
        switch method {
        case .normal: return normal(shape, 0.01)
        case .xavierUniform: return uniform(shape, (6 / (inputs + outputs)).squareRoot())
        case .xavierNormal: return normal(shape, (2 / (inputs + outputs)).squareRoot())
        case .kaimingUniform: return uniform(shape, (6 / inputs).squareRoot())
        case .kaimingNormal: return normal(shape, (2 / inputs).squareRoot())
        }
    }

    private func normal(_ shape: [Int], _ deviation: Double) -> Tensor {
        Tensor.randn(shape, generator: generator) * deviation
    }

    private func uniform(_ shape: [Int], _ bound: Double) -> Tensor {
        Tensor.rand(shape, generator: generator) * (2 * bound) - bound
    }
}
