import NN
import StableDiffusion
import Torch

/// The weights of a network's blocks in parts: each process has those that it moves, and a block
/// comes from its owners for as long as it is computed, in forward and again in backward
/// (Rajbhandari et al. 2020, "ZeRO", arXiv 1910.02054, section 5.3).
///
/// All processes compute the same blocks in the same order, so that none has to ask; and blocks come
/// between the same gradients in all of them (``GradientBuckets``): the two have a channel each, and a
/// GPU that begins with one would wait for another that begins with the other. While process 0
/// alone looks at the weights, it asks, and the others send (``whileFirstLooks(_:)``).
final class ShardedBlocks: BlockCarrier {
    /// What one process sends at once.
    private struct Piece {
        let owner: Int
        let parameters: [Parameter]
    }

    /// What can be sent: the blocks, and then each parameter alone.
    private var pieces: [[Piece]]
    let blockCount: Int
    private var numbers: [ObjectIdentifier: Int] = [:]
    private let rank: Int
    private let format: MemoryFormat
    private let channel: ProcessChannel
    /// Where weights lie when they are exchanged.
    private let place: Device
    private var isAsking = false
    private var failure: ProcessError?

    /// - Parameters:
    ///   - owner: which process has the parameter of a name; nil: all of them have it.
    ///   - group: those that have the network together.
    ///   - device: where its weights lie.
    init(
        _ unet: UNet, _ group: ProcessGroup, on device: Device, owner: (String) -> Int?
    ) throws(ProcessError) {
        rank = group.rank
        format = unet.format
        // Who is slow is waited for here: a channel is opened within a time.
        try group.barrier()
        channel = try group.open("weights")
        place = group.place(of: device)
        let names = unet.blocks.map { $0.filter { owner($0) != nil } }
        blockCount = names.count
        pieces = names.map { names in
            let owners = Set(names.compactMap(owner)).sorted()
            return owners.map { one in
                Piece(
                    owner: one,
                    parameters: names.filter { owner($0) == one }.map(unet.parameters.parameter))
            }
        }
        for piece in pieces.flatMap({ $0 }) {
            for parameter in piece.parameters {
                precondition(parameter.isElsewhere == (piece.owner != rank), "a part is elsewhere")
                numbers[ObjectIdentifier(parameter.tensor)] = pieces.count
                pieces.append([Piece(owner: piece.owner, parameters: [parameter])])
            }
        }
        unet.parameters.contents = contents
        unet.streamWeights(through: self)
    }

    /// Whether one process alone has a parameter.
    func has(_ tensor: Tensor) -> Bool { numbers[ObjectIdentifier(tensor)] != nil }

    // MARK: - Blocks

    /// While all compute, whatever this process has: the others need it.
    func isNeeded(_ block: Int) -> Bool {
        isAsking
            ? pieces[block].flatMap(\.parameters).contains { $0.isElsewhere && $0.visitor == nil }
            : !pieces[block].isEmpty
    }

    /// Begins to bring a block. What goes wrong ends no computation: it is told after it, by
    /// ``check()``.
    func begin(_ block: Int) -> () -> Void {
        guard failure == nil, isNeeded(block) else { return {} }
        do throws(ProcessError) {
            if isAsking { try ask(block) }
            let sent = try send(block)
            return { [self] in
                do throws(ProcessError) {
                    for (piece, flat, exchange) in sent {
                        try exchange.wait()
                        for (parameter, copy) in unpacked(piece, flat) { parameter.visitor = copy }
                    }
                } catch { failure = failure ?? error }
            }
        } catch {
            failure = error
            return {}
        }
    }

    /// Lets go of a block; whoever looks at weights keeps what has come until it is done.
    func release(_ block: Int) {
        guard !isAsking else { return }
        free(block)
    }

    private func free(_ block: Int) {
        for piece in pieces[block] {
            for parameter in piece.parameters { parameter.visitor = nil }
        }
    }

    /// - Throws: what went wrong since something was computed.
    func check() throws(ProcessError) {
        if let failure { throw failure }
    }

    // MARK: - One looks

    /// Has process 0 do something with all weights, while the others send what it asks for, and then
    /// do their own.
    func whileFirstLooks<Value>(_ body: () throws -> Value) throws -> Value {
        guard rank == 0 else {
            try serve()
            return try body()
        }
        isAsking = true
        let result = Result { try body() }
        isAsking = false
        for block in 0..<blockCount { free(block) }
        if failure == nil { try ask(Self.end) }
        try check()
        return try result.get()
    }

    private static let end = -1

    private func ask(_ number: Int) throws(ProcessError) {
        try channel.startBroadcast(Tensor([Float(number)]), from: 0).wait()
    }

    private func serve() throws(ProcessError) {
        while true {
            let number = Tensor([Float(Self.end)])
            try channel.startBroadcast(number, from: 0).wait()
            guard number.item() >= 0 else { return }
            for (_, _, exchange) in try send(Int(number.item())) { try exchange.wait() }
        }
    }

    /// What tensors of the network hold; to be asked for by process 0 while it looks.
    var contents: (Tensor) throws -> Tensor { { [weak self] in try self?.whole($0) ?? $0 } }

    private func whole(_ tensor: Tensor) throws(ProcessError) -> Tensor {
        try check()
        guard tensor.isPlaceholder, let number = numbers[ObjectIdentifier(tensor)] else {
            return tensor
        }
        precondition(isAsking, "weights of other processes, while these do not know of it")
        let piece = pieces[number][0]
        if let copy = piece.parameters[0].visitor { return copy }
        try ask(number)
        let (_, flat, exchange) = try send(number)[0]
        try exchange.wait()
        return unpacked(piece, flat)[0].copy
    }

    // MARK: - On the way

    private func send(
        _ number: Int
    ) throws(ProcessError) -> [(piece: Piece, flat: Tensor, exchange: ProcessExchange)] {
        var result: [(piece: Piece, flat: Tensor, exchange: ProcessExchange)] = []
        for piece in pieces[number] {
            let flat = withoutGradients {
                piece.owner == rank
                    ? Tensor.concatenating(
                        piece.parameters.map {
                            $0.tensor.detached().converted(device: place, format: .contiguous)
                                .reshaped(-1)
                        })
                    : Tensor.empty(
                        [piece.parameters.reduce(0) { $0 + $1.tensor.count }],
                        dtype: piece.parameters[0].tensor.dtype, device: place)
            }
            result.append((piece, flat, try channel.startBroadcast(flat, from: piece.owner)))
        }
        return result
    }

    /// Copies of what has come from another process, as the parameters would lie here.
    private func unpacked(_ piece: Piece, _ flat: Tensor) -> [(parameter: Parameter, copy: Tensor)]
    {
        guard piece.owner != rank else { return [] }
        var start = 0
        return withoutGradients {
            piece.parameters.map { parameter in
                let (count, shape) = (parameter.tensor.count, parameter.tensor.shape)
                defer { start += count }
                return (
                    parameter,
                    flat.narrowed(0, start: start, length: count).reshaped(shape).converted(
                        device: parameter.tensor.device,
                        format: shape.count == 4 ? format : .contiguous, copies: true)
                )
            }
        }
    }
}
