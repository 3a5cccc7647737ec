internal import CTorch
public import Files
public import Foundation

/// Memory on a disk, for what is used once a step: tensors in it are computed with as others in
/// main memory are, and the system brings what is used and writes back what was changed (Rajbhandari
/// et al. 2021, "ZeRO-Infinity", arXiv 2104.07857, section 5.1, of what it keeps on NVMe).
///
/// Where main memory is free, the system keeps there what it can, so nothing is read twice in vain.
public final class DiskMemory: Sendable {
    private let file: NamelessFile?

    /// Memory in a file of its own, which ends with the program.
    ///
    /// - Throws: `FileError` where the folder is not there or cannot be written in.
    public init(in folder: URL) throws(FileError) { file = try NamelessFile(in: folder) }

    /// Memory for tensors of ``Device/meta(_:)``: it is counted, and there is no file.
    public init() { file = nil }

    /// Smaller tensors stay where they are: each would take a page of its own.
    private static let smallest = 1 << 14

    /// A copy of a tensor of main memory that lies on the disk; itself where it is small.
    ///
    /// Where the disk is full, the process ends as where memory is.
    public func place(_ tensor: Tensor) -> Tensor {
        precondition(tensor.device.isProcessor, "what lies on a device goes to main memory first")
        guard tensor.count * tensor.dtype.byteCount >= Self.smallest else { return tensor }
        guard let file else {
            precondition(tensor.device != .cpu, "no file was named")
            return produce("place", [tensor]) { ct_place_in_file(tensor.handle, -1, 0, $0) }
        }
        let offset: Int64
        do throws(FileError) {
            offset = try file.reserve(ct_bytes_in_file(tensor.handle))
        } catch {
            OutOfMemory.end(
                in: "place",
                saying: "\(error) What a training keeps on a disk finds no room there: free some, "
                    + "or name a folder of another disk with nvme-path.")
        }
        let placed = produce("place", [tensor]) {
            ct_place_in_file(tensor.handle, file.descriptor, offset, $0)
        }
        placed.leaveMemory()
        return placed
    }
}

extension Tensor {
    /// Whether it lies in a ``DiskMemory``.
    public var isOnDisk: Bool {
        withExtendedLifetime(self) { ct_lies_in_file(handle) }
    }

    /// Gives back the main memory that holds a tensor of ``DiskMemory``, until it is used again;
    /// does nothing to others.
    public func leaveMemory() {
        ct_leave_memory(handle)
        withExtendedLifetime(self) {}
    }
}
