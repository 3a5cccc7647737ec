import NN
import Torch

/// The gradients of a step summed over all processes, in buckets, while backward goes on with the
/// next (Li et al. 2020, "PyTorch Distributed", arXiv 2006.15704, section 3.2).
///
/// All processes send the same buckets in the same order, whatever arrives first in each: also as
/// seen beside what they send over other channels (``ShardedBlocks``), since a GPU does what it is
/// given in order, and two that begin with different things would wait for each other. What a
/// process computes no gradient for counts as 0 there; what none has a gradient for keeps none. A
/// gradient that comes in parts, as with checkpointed activations and pictures of several sizes,
/// may be sent before its last part: that follows after backward.
final class GradientBuckets {
    /// What PyTorch's DistributedDataParallel takes.
    static let usualCapacity = 25 << 20

    private struct Bucket {
        let indices: [Int]
        /// Where the sum is wanted; nil: everywhere.
        let owner: Int?
    }

    private struct Sent {
        /// fp32, where it is exchanged; nil: it has arrived elsewhere.
        let sum: Tensor?
        let exchange: ProcessExchange?
    }

    /// Sums for one process that may be under way at once: who has others compute them runs ahead,
    /// and what is not there yet cannot be given back here.
    private static let mostUnderWay = 2

    private let optimizer: any Optimizer
    private let group: ProcessGroup
    private let buckets: [Bucket]
    private let bucketOf: [Int]
    /// Sums of earlier batches of this step.
    private var kept: [Int: Tensor] = [:]
    /// Which parameters have a gradient in these.
    private var keptPresence: [Bool]
    private var sent: [Int: Sent] = [:]
    private var hasArrived: [Bool]
    private var isPresent: [Bool]
    private var missing: [Int] = []
    private var late: Set<Int> = []
    private var next = 0
    private var isArmed = false
    private var failure: ProcessError?

    /// - Parameters:
    ///   - shards: who wants which sums; nil: everybody all.
    ///   - capacity: of a bucket, in bytes.
    init(
        _ optimizer: any Optimizer, _ group: ProcessGroup, shards: ParameterShards? = nil,
        capacity: Int = GradientBuckets.usualCapacity
    ) {
        self.optimizer = optimizer
        self.group = group
        let sizes = optimizer.parameters.map { $0.tensor.count * DType.float32.byteCount }
        buckets = Self.buckets(sizes, shards, capacity)
        var bucketOf = sizes.map { _ in 0 }
        for (number, bucket) in buckets.enumerated() {
            for index in bucket.indices { bucketOf[index] = number }
        }
        self.bucketOf = bucketOf
        hasArrived = sizes.map { _ in false }
        isPresent = hasArrived
        keptPresence = hasArrived
        for index in sizes.indices {
            optimizer.onGradient(of: index) { [weak self] in self?.arrive(index) }
        }
    }

    deinit {
        for index in optimizer.parameters.indices { optimizer.onGradient(of: index, nil) }
    }

    /// From the last to the first, as backward comes to them.
    private static func buckets(
        _ sizes: [Int], _ shards: ParameterShards?, _ capacity: Int
    ) -> [Bucket] {
        var result: [Bucket] = []
        var (indices, bytes) = ([Int](), 0)
        func close(_ owner: Int?) {
            if !indices.isEmpty { result.append(Bucket(indices: indices, owner: owner)) }
            (indices, bytes) = ([], 0)
        }
        var owner: Int?
        for index in sizes.indices.reversed() {
            let wanted = shards?.owner(of: index)
            if wanted != owner || bytes + sizes[index] > capacity { close(owner) }
            owner = wanted
            indices.append(index)
            bytes += sizes[index]
        }
        close(owner)
        return result
    }

    /// Called before the backward whose gradients are to be sent as they arrive.
    func arm() {
        sent = [:]
        late = []
        next = 0
        failure = nil
        for index in hasArrived.indices {
            hasArrived[index] = false
            isPresent[index] = false
        }
        missing = buckets.map { bucket in
            bucket.indices.count { optimizer.parameters[$0].tensor.requiresGradient }
        }
        isArmed = true
    }

    /// Called by backward, on the thread that computes it.
    private func arrive(_ index: Int) {
        guard isArmed else { return }
        let bucket = bucketOf[index]
        guard bucket >= next else {
            late.insert(bucket)
            return
        }
        guard !hasArrived[index] else { return }
        hasArrived[index] = true
        missing[bucket] -= 1
        sendThoseThatAreFull()
    }

    private func sendThoseThatAreFull() {
        while next < buckets.count, missing[next] == 0, failure == nil { sendNext() }
    }

    private func sendNext() {
        defer { next += 1 }
        do throws(ProcessError) {
            if buckets[next].owner != nil { try waitForTheOldest() }
            freeThoseThatAreElsewhere()
            sent[next] = try send(buckets[next])
        } catch {
            // Backward cannot be ended; it is told after it.
            failure = error
        }
    }

    /// The host is faster than GPUs, which only begin here: without this it would have given all
    /// buckets before the first is summed, and at stages 2 and 3 they would all be held.
    private func waitForTheOldest() throws(ProcessError) {
        let running = sent.keys.sorted().compactMap { number -> ProcessExchange? in
            guard buckets[number].owner != nil, let exchange = sent[number]?.exchange,
                !exchange.hasSucceeded
            else { return nil }
            return exchange
        }
        if running.count > Self.mostUnderWay { try running[0].wait() }
    }

    /// What has arrived at its owner needs no memory here.
    private func freeThoseThatAreElsewhere() {
        for (number, one) in sent where one.sum != nil {
            guard let owner = buckets[number].owner, owner != group.rank,
                one.exchange?.hasSucceeded ?? false
            else { continue }
            sent[number] = Sent(sum: nil, exchange: nil)
        }
    }

    private func send(_ bucket: Bucket) throws(ProcessError) -> Sent? {
        guard
            bucket.indices.contains(where: { optimizer.parameters[$0].tensor.requiresGradient })
        else { return nil }
        let sum = withoutGradients { flattened(bucket) }
        let exchange =
            if let owner = bucket.owner {
                try group.startSum(sum, at: owner)
            } else { try group.startSum(sum) }
        return Sent(sum: sum, exchange: exchange)
    }

    /// The gradients of a bucket in one vector, which are no longer kept elsewhere.
    private func flattened(_ bucket: Bucket) -> Tensor {
        let homes = bucket.indices.map { optimizer.parameters[$0].tensor.device }
        let place = Set(homes).count == 1 ? group.place(of: homes[0]) : .cpu
        return Tensor.concatenating(
            bucket.indices.map { index in
                let tensor = optimizer.parameters[index].tensor
                guard let gradient = tensor.gradient else {
                    return Tensor.zeros([tensor.count], device: place)
                }
                isPresent[index] = true
                tensor.gradient = nil
                return gradient.converted(to: .float32, device: place, format: .contiguous)
                    .reshaped(-1)
            })
    }

    /// Waits for all sums, and makes them the gradients.
    ///
    /// - Parameters:
    ///   - numbers: summed as well, in the same go.
    ///   - isLast: whether no other batch of this step follows; what is summed until then is kept.
    /// - Returns: the sums of the numbers.
    func finish(_ numbers: [Double], isLast: Bool = true) throws(ProcessError) -> [Double] {
        isArmed = false
        if let failure { throw failure }
        while next < buckets.count, failure == nil { sendNext() }
        if let failure { throw failure }
        let lateFlags = buckets.indices.map { late.contains($0) ? 1.0 : 0 }
        for (number, bucket) in buckets.enumerated() where late.contains(number) {
            for index in bucket.indices where optimizer.parameters[index].tensor.gradient != nil {
                isPresent[index] = true
            }
        }
        let totals = try group.sum(numbers + isPresent.map { $0 ? 1 : 0 } + lateFlags)
        for index in keptPresence.indices where totals[numbers.count + index] > 0 {
            keptPresence[index] = true
        }
        defer { if isLast { keptPresence = keptPresence.map { _ in false } } }
        let lateOnes = totals.suffix(buckets.count).map { $0 > 0 }
        for (number, bucket) in buckets.enumerated() {
            guard let first = sent[number] else { continue }
            try first.exchange?.wait()
            if lateOnes[number], let rest = try send(bucket) {
                try rest.exchange?.wait()
                if let sum = first.sum, let more = rest.sum { withoutGradients { sum.add(more) } }
            }
            sent[number] = nil
            guard bucket.owner.map({ $0 == group.rank }) ?? true, let sum = first.sum else {
                continue
            }
            withoutGradients { give(sum, to: bucket, number, isLast) }
        }
        return Array(totals.prefix(numbers.count))
    }

    private func give(
        _ sum: Tensor, to bucket: Bucket, _ number: Int, _ isLast: Bool
    ) {
        if let before = kept[number] { sum.add(before) }
        kept[number] = isLast ? nil : sum
        guard isLast else { return }
        var start = 0
        for index in bucket.indices {
            let tensor = optimizer.parameters[index].tensor
            let (count, shape) = (tensor.count, tensor.shape)
            defer { start += count }
            guard keptPresence[index] else { continue }
            // The fused kernels walk through memory and look at no strides.
            tensor.gradient = sum.narrowed(0, start: start, length: count).reshaped(shape)
                .converted(
                    to: tensor.dtype, device: tensor.device,
                    format: tensor.rank == 4 && !tensor.isContiguous()
                        ? .channelsLast : .contiguous)
        }
    }
}
