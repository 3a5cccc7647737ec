/// Where the fp32 weights and the optimizer's moments are kept, as `accelerate config` asks it.
public enum OffloadDevice: String, Codable, Sendable, CaseIterable {
    /// On the device that trains.
    case none
    /// In main memory, where the processor moves the weights.
    case cpu
}
