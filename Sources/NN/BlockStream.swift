/// Weights that come a block at a time: the next block's are on their way while this one is
/// computed (Ren et al. 2021, "ZeRO-Offload", arXiv 2101.06840, and Rajbhandari et al. 2021,
/// "ZeRO-Infinity", arXiv 2104.07857, section 6.2, for parameters).
///
/// At most two blocks are there at once.
public final class BlockStream {
    private let carrier: any BlockCarrier
    /// What is on its way.
    private var expected: (block: Int, arrive: () -> Void)?

    /// - Parameter carrier: brings the blocks.
    public init(_ carrier: any BlockCarrier) { self.carrier = carrier }

    /// Forgets what is on its way: the weights may have changed since.
    public func restart() { expected = nil }

    /// Computes with the weights of a block.
    ///
    /// - Parameter next: the block that will be asked for after this one; nil: none is.
    public func with<Result>(_ block: Int, then next: Int?, _ body: () -> Result) -> Result {
        guard carrier.isNeeded(block) else { return body() }
        let coming = expected.flatMap { $0.block == block ? $0.arrive : nil }
        let arrive = coming ?? carrier.begin(block)
        expected = nil
        arrive()
        defer { carrier.release(block) }
        if let next, (0..<carrier.blockCount).contains(next) {
            expected = (next, carrier.begin(next))
        }
        return body()
    }
}

/// Brings copies of the weights of a network's blocks from where they lie to where they are computed
/// with.
public protocol BlockCarrier: AnyObject {
    /// How many blocks there are.
    var blockCount: Int { get }

    /// Whether something must be brought before a block is computed.
    func isNeeded(_ block: Int) -> Bool

    /// Begins to bring a block.
    ///
    /// - Returns: waits until it is there, and has the layers compute with it.
    func begin(_ block: Int) -> () -> Void

    /// Lets go of what was brought.
    func release(_ block: Int)
}
