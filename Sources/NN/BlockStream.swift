public import Torch

/// Weights that lie in main memory and come to the device a block at a time: the next block's are
/// on their way while this one is computed (Ren et al. 2021, "ZeRO-Offload", arXiv 2101.06840, and
/// Rajbhandari et al. 2021, "ZeRO-Infinity", arXiv 2104.07857, section 6.2, for parameters).
///
/// At most two blocks are on the device at once.
public final class BlockStream {
    private let blocks: [[Parameter]]
    private let device: Device
    /// What is on its way, by the block.
    private var expected: (block: Int, upload: Upload)?

    /// - Parameter blocks: the parameters of each, in the order of computing.
    public init(blocks: [[Parameter]], on device: Device) {
        self.blocks = blocks
        self.device = device
    }

    /// Forgets what is on its way: the weights may have changed since.
    public func restart() { expected = nil }

    /// Computes with a block on the device.
    ///
    /// - Parameter next: the block that will be asked for after this one; nil: none is.
    public func with<Result>(_ block: Int, then next: Int?, _ body: () -> Result) -> Result {
        // All of them may be visiting already.
        guard blocks[block].contains(where: { $0.visitor == nil }) else { return body() }
        let upload = expected.flatMap { $0.block == block ? $0.upload : nil } ?? upload(block)
        expected = nil
        upload.arrive()
        for (parameter, copy) in zip(blocks[block], upload.copies) { parameter.visitor = copy }
        defer {
            for parameter in blocks[block] {
                parameter.visitor = nil
                parameter.tensor.leaveMemory()
            }
        }
        if let next, blocks.indices.contains(next) { expected = (next, self.upload(next)) }
        return body()
    }

    private func upload(_ block: Int) -> Upload {
        Upload(blocks[block].map(\.tensor), to: device)
    }
}
