import Torch

/// Which picture an example is: all pictures once in random order, then again in another order.
///
/// The order is a function of seed and position and has no state, so that a resumed run finds
/// its place without going through what came before.
public struct ExampleOrder {
    /// Decides the order.
    public let seed: UInt64
    /// Pictures in an epoch.
    public let count: Int
    private let groups: [Int]?
    private let batchSize: Int
    private var epoch = -1
    private var order: [Int] = []

    /// The order of a run.
    ///
    /// - Parameters:
    ///   - groups: of what size each picture of the epoch is, as a number: whole batches are made
    ///     of one size as far as there are enough; nil: all of one.
    ///   - batchSize: examples in a batch; batches begin at multiples of it.
    public init(seed: UInt64, count: Int, groups: [Int]? = nil, batchSize: Int = 1) {
        precondition(count > 0, "an epoch without pictures")
        precondition(groups.map { $0.count == count } ?? true, "a group for each picture")
        self.seed = seed
        self.count = count
        self.batchSize = batchSize
        // Where nothing is to be grouped the order is the plain one.
        self.groups = batchSize > 1 && Set(groups ?? []).count > 1 ? groups : nil
    }

    /// The picture at a position of the run, in `0..<count`.
    public mutating func index(at position: Int) -> Int {
        if position / count != epoch {
            epoch = position / count
            let generator = Generator(seed: Seeds.derived(from: seed, .order, UInt64(epoch)))
            order = Tensor.randperm(count, generator: generator).integers()
            if let groups { order = grouped(order, groups) }
        }
        return order[position % count]
    }

    /// The same pictures with those of a group together, a batch at a time.
    ///
    /// An epoch may begin within a batch: what does not fill whole batches of one group goes
    /// there, and to its end.
    private func grouped(_ order: [Int], _ groups: [Int]) -> [Int] {
        var waiting: [Int: [Int]] = [:]
        var batches: [[Int]] = []
        for index in order {
            waiting[groups[index], default: []].append(index)
            if let full = waiting[groups[index]], full.count == batchSize {
                batches.append(full)
                waiting[groups[index]] = nil
            }
        }
        var rest = waiting.sorted { $0.key < $1.key }.flatMap(\.value)
        let head = min(count, (batchSize - epoch * count % batchSize) % batchSize)
        while batches.count > (count - head) / batchSize { rest += batches.removeLast() }
        return Array(rest.prefix(head) + batches.flatMap { $0 } + rest.dropFirst(head))
    }
}

/// Seeds for things that must not depend on how often others draw.
package enum Seeds {
    package enum Purpose: UInt64 {
        case order = 1
        case crop = 2
        case adapters = 3
        case vectors = 4
        case measure = 5
        case captions = 6
        case heldOut = 7
        case dropout = 8
    }

    /// SplitMix64's mixing (Steele et al. 2014) over the parts.
    package static func derived(from seed: UInt64, _ purpose: Purpose, _ index: UInt64) -> UInt64 {
        var state = seed
        for part in [purpose.rawValue, index] {
            state = state &+ 0x9E37_79B9_7F4A_7C15 &* (part &+ 1)
            state = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            state = (state ^ (state >> 27)) &* 0x94D0_49BB_1331_11EB
            state ^= state >> 31
        }
        return state
    }
}
