package import NN
public import Torch

/// Where the weights of a network lie that is computed on a GPU.
public enum WeightPlace: Sendable {
    /// On the GPU.
    case device
    /// In main memory: what is computed with is brought for the time that it takes. On a processor
    /// that is where they are anyway.
    case mainMemory
    /// In a file, as far as main memory has no room for it; on a processor too.
    case disk(DiskMemory)

    /// Whether they lie where they are computed with.
    package var isOnDevice: Bool { if case .device = self { true } else { false } }

    /// Parameters of main memory as this place has them.
    package func source(_ base: any ParameterSource, for device: Device) -> any ParameterSource {
        switch self {
        case .device: base
        case .mainMemory: PlacedParameters(base) { $0.pinned(for: device) }
        case .disk(let disk): PlacedParameters(base, place: disk.place)
        }
    }
}
