public import Torch

/// Parameters of another source of which this process has some; of the others it has placeholders.
public struct PartialParameters: ParameterSource {
    private let base: any ParameterSource
    private let isKept: (String) -> Bool

    /// - Parameters:
    ///   - base: gives all of them, one at a time.
    ///   - isKept: whether this process has the parameter of a name.
    public init(_ base: any ParameterSource, keeping isKept: @escaping (String) -> Bool) {
        self.base = base
        self.isKept = isKept
    }

    /// Whether the other source has a parameter of this name.
    public func has(_ name: String) -> Bool { base.has(name) }

    /// As the other source gives it, or a placeholder of its kind.
    public func tensor(
        _ name: String, shape: [Int], _ initialization: Initialization
    ) throws(CheckpointError) -> Tensor {
        let whole = try base.tensor(name, shape: shape, initialization)
        return isKept(name) ? whole : whole.placeholder
    }
}
