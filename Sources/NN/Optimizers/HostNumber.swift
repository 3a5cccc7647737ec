import Torch

/// A number of an optimizer's state that is needed on the host: a float64 scalar on the CPU, so
/// that reading it waits for no GPU.
struct HostNumber {
    let tensor: Tensor

    init(_ value: Double = 0) { tensor = Tensor.full([], value, dtype: .float64) }

    var value: Double {
        get { tensor.item() }
        nonmutating set { tensor.fill(with: newValue) }
    }

    /// Adds one and returns the sum.
    func increment() -> Double {
        value += 1
        return value
    }
}
