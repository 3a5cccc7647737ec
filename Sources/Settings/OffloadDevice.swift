/// Where something is kept that a training needs, as `accelerate config` asks it.
public enum OffloadDevice: String, Codable, Sendable, CaseIterable {
    /// On the device that trains.
    case none
    /// In main memory: fp32 weights and moments are moved there by the processor, and weights that
    /// are computed with come to the device for the time that it takes.
    case cpu
    /// On a disk, as far as main memory has no room for it: for machines that are short of that.
    case nvme
}
