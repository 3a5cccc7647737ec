import NN
import TestSupport
import Testing
import Torch

/// bfloat16 weights, rounded at random.
@Suite struct OptimizersRoundingTests {
    private func rounded(_ value: Tensor, seed: UInt64) -> Tensor {
        let result = Tensor.zeros(value.shape, dtype: .bfloat16)
        StochasticRounding.round(value, into: result, generator: Generator(seed: seed))
        return result
    }

    @Test func representableNumbersStay() {
        let numbers: [Float] = [
            0, 1, -1, 0.5, -3.140625, 1e30, -1e-30, .infinity, -.infinity,
            Float(bitPattern: 0x7F7F_0000), Float(bitPattern: 0x0001_0000),
        ]
        let exact = Tensor(numbers).cast(to: .bfloat16).cast(to: .float32)
        for seed in 0..<50 as Range<UInt64> {
            #expect(rounded(exact, seed: seed).floats() == exact.floats())
        }
        let finite = rounded(Tensor.full([64], .nan), seed: 1).isFinite().cast(to: .float32)
        #expect(finite.sum().item() == 0)
    }

    /// Between 1 and 1.0078125, at three eighths of the way; and mirrored.
    @Test(arguments: [1.0, -1.0]) func theMeanIsKept(sign: Double) {
        let value = sign * (1 + 0.0078125 * 0.375)
        let drawn = rounded(Tensor.full([1 << 18], value), seed: 3).cast(to: .float32) * sign
        #expect(drawn.minimum().item() == 1)
        #expect(drawn.maximum().item() == 1.0078125)
        // Four standard deviations of the mean of 2^18 draws.
        let tolerance = 4 * 0.0078125 * (0.375 * 0.625 / Double(1 << 18)).squareRoot()
        let mean = drawn.cast(to: .float64).mean().item()
        #expect(abs(mean - abs(value)) < tolerance)
    }

    @Test func manyMagnitudesKeepTheirMean() {
        let value = Tensor.randn([64], generator: Generator(seed: 4)).squared() + 1e-3
        let drawn = rounded(value.unsqueezed(1).expanded([64, 4096]).copied(), seed: 5)
        let means = drawn.cast(to: .float32).mean([1])
        // One part in 256 is the distance of neighbours; the mean of 4096 is 64 times closer.
        let errors = (means - value).abs() / value
        #expect(errors.maximum().item() < 4.0 / 256 / 64)
    }

    /// Each step is a hundredth of what bfloat16 can tell apart at 1: to the nearest, the weights
    /// would never move.
    @Test(arguments: OptimizerKind.allCases.filter(\.trainsBFloat16))
    func smallStepsAddUp(kind: OptimizerKind) throws {
        var settings = OptimizerSettings()
        settings.weightDecay = 0
        if kind == .adafactor {
            settings.relativeStep = false
            settings.scaleParameter = false
        }
        let rate = 4e-5
        let parameter = Tensor.ones([80, 80], dtype: .bfloat16)
        parameter.requiresGradient = true
        let optimizer = try kind.makeOptimizer(
            [ParameterGroup(name: "all", parameters: [("weight", parameter)])],
            settings: settings, roundingSeed: 9)
        for _ in 0..<100 {
            parameter.gradient = Tensor.ones([80, 80], dtype: .bfloat16)
            optimizer.step(learningRate: rate)
        }
        let mean = parameter.detached().cast(to: .float64).mean().item()
        // The codes of eight bits stand for 1 exactly, so every algorithm takes the whole rate.
        #expect(abs(mean - (1 - 100 * rate)) < 2e-4, "\(mean)")
        #expect(parameter.dtype == .bfloat16)
    }

    @Test func seedsDecide() throws {
        func trained(_ seed: UInt64) -> [UInt8] {
            let parameter = Tensor.ones([64], dtype: .bfloat16)
            parameter.requiresGradient = true
            let optimizer = Lion(
                groups: [ParameterGroup(name: "all", parameters: [("weight", parameter)])],
                roundingSeed: seed)
            for _ in 0..<4 {
                parameter.gradient = Tensor.ones([64], dtype: .bfloat16)
                optimizer.step(learningRate: 1e-3)
            }
            return parameter.rawBytes()
        }
        #expect(trained(1) == trained(1))
        #expect(trained(1) != trained(2))
    }
}
