import NN
import TestSupport
import Testing
import Torch

/// What optimizers remember, and what they leave alone.
@Suite struct OptimizersStateTests {
    /// Which optimizers train which parameters.
    static let combinations = OptimizerKind.allCases.flatMap { kind in
        [DType.float32, .bfloat16].filter { $0 == .float32 || kind.trainsBFloat16 }
            .map { (kind, $0) }
    }

    static let shapes = [("large", [72, 64]), ("matrix", [7, 11]), ("vector", [13])]

    private static func parameters(_ dtype: DType) -> [(name: String, tensor: Tensor)] {
        shapes.enumerated().map { index, shape in
            let seed = Generator(seed: UInt64(index))
            let tensor = Tensor.randn(shape.1, generator: seed).cast(to: dtype)
            tensor.requiresGradient = true
            return (shape.0, tensor)
        }
    }

    private static func settings(_ kind: OptimizerKind) throws -> OptimizerSettings {
        var settings = OptimizerSettings()
        settings.weightDecay = 0.1
        if kind == .sgd { settings.momentum = 0.9 }
        if kind == .adafactor { settings.beta1 = 0.9 }
        if kind == .adamWScheduleFree { settings.warmupStepCount = 4 }
        if kind == .prodigy { settings.initialD = 1e-3 }
        return settings
    }

    private static func make(
        _ kind: OptimizerKind, _ parameters: [(name: String, tensor: Tensor)]
    ) throws -> any Optimizer {
        try kind.makeOptimizer(
            [ParameterGroup(name: "all", parameters: parameters)], settings: settings(kind),
            roundingSeed: 5)
    }

    private static func run(_ optimizer: any Optimizer, _ steps: Range<Int>) {
        for step in steps {
            for (index, (_, tensor)) in optimizer.parameters.enumerated() {
                let noise = Tensor.randn(
                    tensor.shape, generator: Generator(seed: UInt64(100 + 10 * step + index)))
                tensor.gradient = withoutGradients {
                    (tensor.cast(to: .float32) * 0.3 + noise * 0.1).cast(to: tensor.dtype)
                }
            }
            optimizer.step(learningRate: kind(of: optimizer) == .prodigy ? 1 : 1e-2)
            optimizer.clearGradients()
        }
    }

    private static func kind(of optimizer: any Optimizer) -> OptimizerKind? {
        optimizer is Prodigy ? .prodigy : nil
    }

    @Test(arguments: combinations)
    func aRestoredOptimizerGoesOnBitForBit(kind: OptimizerKind, dtype: DType) throws {
        let first = try Self.make(kind, Self.parameters(dtype))
        Self.run(first, 0..<3)

        let second = try Self.make(kind, Self.parameters(dtype))
        // Any other state than that of a fresh one must be overwritten.
        Self.run(second, 7..<8)
        let saved = first.state.map { ($0.name, $0.tensor.copied()) }
        #expect(second.state.map(\.name) == saved.map(\.0))
        #expect(Set(saved.map(\.0)).count == saved.count)
        for (mine, other) in zip(second.state, saved) { mine.tensor.copy(from: other.1) }
        for (mine, other) in zip(second.parameters, first.parameters) {
            mine.tensor.copy(from: other.tensor.detached())
        }

        Self.run(first, 3..<6)
        Self.run(second, 3..<6)
        for (mine, other) in zip(second.parameters, first.parameters) {
            #expect(mine.tensor.rawBytes() == other.tensor.rawBytes(), "\(mine.name)")
        }
        for (mine, other) in zip(second.state, first.state) {
            #expect(mine.tensor.rawBytes() == other.tensor.rawBytes(), "\(mine.name)")
        }
    }

    @Test(arguments: combinations)
    func withoutAGradientNothingMoves(kind: OptimizerKind, dtype: DType) throws {
        let optimizer = try Self.make(kind, Self.parameters(dtype))
        Self.run(optimizer, 0..<2)
        func bytes(_ name: String) -> [[UInt8]] {
            (optimizer.parameters + optimizer.state).filter { $0.name.hasPrefix(name) }
                .map { $0.tensor.rawBytes() }
        }
        let before = (large: bytes("large"), vector: bytes("vector"), matrix: bytes("matrix"))
        let matrix = optimizer.parameters[1].tensor
        matrix.gradient = Tensor.full(matrix.shape, 0.5, dtype: dtype)
        #expect(optimizer.gradients.count == 1)
        optimizer.step(learningRate: 0.1)
        #expect(bytes("large") == before.large)
        #expect(bytes("vector") == before.vector)
        #expect(bytes("matrix") != before.matrix)

        let all = optimizer.parameters.map { $0.tensor.rawBytes() }
        optimizer.clearGradients()
        #expect(optimizer.gradients.isEmpty)
        optimizer.step(learningRate: 0.1)
        #expect(optimizer.parameters.map { $0.tensor.rawBytes() } == all)
    }

    @Test func eightBitStateTakesTwoBytesPerParameter() throws {
        let count = 1 << 16
        let parameter = Tensor.zeros([count])
        let small = Tensor.zeros([AdamW8bit.minimumCount - 1])
        let optimizer = AdamW8bit(groups: [
            ParameterGroup(name: "all", parameters: [("large", parameter), ("small", small)])
        ])
        func byteCount(_ name: String) -> Int {
            optimizer.state.filter { $0.name.hasPrefix(name) }
                .reduce(0) { $0 + $1.tensor.count * $1.tensor.dtype.byteCount }
        }
        // Two codes, two float32 scales per 256 elements, and the step count.
        #expect(byteCount("large") == 2 * count + 2 * 4 * count / 256 + 8)
        #expect(byteCount("small") == 8 * small.count + 4)
    }

    /// More than one piece, and a last block that is not full.
    @Test func eightBitStepsThroughLargeParametersInPieces() throws {
        let count = (1 << 22) + 300
        func moved(_ range: Range<Int>) -> Tensor {
            let gradient = Tensor.arange(count).sin()
            let parameter = Tensor.ones([range.count])
            parameter.requiresGradient = true
            let optimizer = AdamW8bit(groups: [
                ParameterGroup(name: "all", parameters: [("weight", parameter)])
            ])
            for _ in 0..<2 {
                parameter.gradient =
                    gradient.narrowed(0, start: range.lowerBound, length: range.count).copied()
                optimizer.step(learningRate: 1e-3)
            }
            return parameter.detached()
        }
        let whole = moved(0..<count)
        let start = count - 300 - 25_600
        let end = moved(start..<count)
        let part = whole.narrowed(0, start: start, length: end.count)
        #expect(part.rawBytes() == end.rawBytes())
        #expect(end.minimum().item() < 0.999)
    }

    @Test(arguments: combinations)
    func theLossFalls(kind: OptimizerKind, dtype: DType) throws {
        let parameters = Self.parameters(dtype)
        var settings = try Self.settings(kind)
        settings.weightDecay = 0
        let optimizer = try kind.makeOptimizer(
            [ParameterGroup(name: "all", parameters: parameters)], settings: settings)
        func loss() -> Double {
            parameters.reduce(0) {
                $0 + $1.tensor.detached().cast(to: .float32).squared().mean().item()
            }
        }
        let before = loss()
        for _ in 0..<60 {
            for (_, tensor) in parameters { tensor.gradient = tensor.detached().copied() }
            optimizer.step(learningRate: kind == .prodigy ? 1 : 3e-2)
        }
        optimizer.useAverages()
        #expect(loss() < 0.8 * before, "\(before) to \(loss())")
    }
}
