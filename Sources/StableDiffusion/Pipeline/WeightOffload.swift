/// How much of a model a GPU holds while it paints: less memory for some time. The pictures are the
/// same, and on a processor nothing changes.
public enum WeightOffload: String, Sendable, CaseIterable {
    /// All networks are on the GPU: the fastest.
    case none
    /// The network that computes is on the GPU, the others are in main memory: diffusers'
    /// `enable_model_cpu_offload`, A1111's `--medvram`.
    case model
    /// Of the U-Net the block that computes and the next one are on the GPU: diffusers'
    /// `enable_sequential_cpu_offload`, A1111's `--lowvram`.
    case sequential
}
