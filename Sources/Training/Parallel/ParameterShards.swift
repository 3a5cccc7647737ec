import NN
import Torch

/// Which process moves which parameters: neighbours in the list, about as many numbers for each
/// (Rajbhandari et al. 2020, "ZeRO", arXiv 1910.02054, section 5).
struct ParameterShards: Equatable {
    /// Positions in the list of all parameters, by process; they may be empty.
    let ranges: [Range<Int>]

    init(_ ranges: [Range<Int>]) { self.ranges = ranges }

    /// - Parameter sizes: of the parameters, in numbers.
    init(_ sizes: [Int], processCount: Int) {
        let total = sizes.reduce(0, +)
        var ranges: [Range<Int>] = []
        var (start, sum) = (0, 0)
        for rank in 0..<processCount {
            var end = start
            // Half of a parameter that lies across the border decides where it belongs.
            let border = total * (rank + 1) / processCount
            while end < sizes.count, rank == processCount - 1 || sum + sizes[end] / 2 < border {
                sum += sizes[end]
                end += 1
            }
            ranges.append(start..<end)
            start = end
        }
        self.ranges = ranges
    }

    /// Which process moves a parameter.
    func owner(of index: Int) -> Int { ranges.firstIndex { $0.contains(index) } ?? 0 }

    /// The groups with the parameters of one process.
    func part(_ groups: [ParameterGroup], of rank: Int) -> [ParameterGroup] {
        var start = 0
        return groups.map { group in
            let range = start..<(start + group.parameters.count)
            start = range.upperBound
            let own = range.clamped(to: ranges[rank])
            let places =
                own.isEmpty
                ? 0..<0 : own.lowerBound - range.lowerBound..<own.upperBound - range.lowerBound
            return ParameterGroup(
                name: group.name, parameters: Array(group.parameters[places]),
                learningRateScale: group.learningRateScale, weightDecay: group.weightDecay,
                lastStep: group.lastStep, copies: group.copies.map { Array($0[places]) },
                disk: group.disk)
        }
    }
}
