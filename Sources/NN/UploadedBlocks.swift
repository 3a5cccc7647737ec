public import Torch

/// Brings blocks from main memory to a device, which computes something else meanwhile.
public final class UploadedBlocks: BlockCarrier {
    private let blocks: [[Parameter]]
    private let device: Device

    /// - Parameter blocks: the parameters of each, in the order of computing.
    public init(_ blocks: [[Parameter]], on device: Device) {
        self.blocks = blocks
        self.device = device
    }

    /// How many there are.
    public var blockCount: Int { blocks.count }

    /// Not so where all of it is visiting already.
    public func isNeeded(_ block: Int) -> Bool { blocks[block].contains { $0.visitor == nil } }

    /// Begins the copies.
    public func begin(_ block: Int) -> () -> Void {
        let upload = Upload(blocks[block].map(\.tensor), to: device)
        return { [blocks] in
            upload.arrive()
            for (parameter, copy) in zip(blocks[block], upload.copies) { parameter.visitor = copy }
        }
    }

    /// Frees the copies.
    public func release(_ block: Int) {
        for parameter in blocks[block] {
            parameter.visitor = nil
            parameter.tensor.leaveMemory()
        }
    }
}
