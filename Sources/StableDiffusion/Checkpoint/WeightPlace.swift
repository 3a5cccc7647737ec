import Torch

/// Where the weights of a network lie that is computed on a GPU.
public enum WeightPlace: Sendable {
    /// On the GPU.
    case device
    /// In main memory: what is computed with is brought for the time that it takes. On a processor
    /// that is where they are anyway.
    case mainMemory
}
