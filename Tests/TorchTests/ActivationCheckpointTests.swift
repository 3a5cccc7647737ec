import Testing
import Torch

/// Activations computed a second time in backward instead of kept.
@Suite struct ActivationCheckpointTests {
    private final class Counter { var count = 0 }

    private func tensor(_ shape: [Int], seed: UInt64, requiresGradient: Bool = false) -> Tensor {
        let tensor = Tensor.randn(shape, generator: Generator(seed: seed))
        tensor.requiresGradient = requiresGradient
        return tensor
    }

    private func layer(_ input: Tensor, _ weight: Tensor) -> Tensor {
        input.linear(weight: weight, bias: nil).silu().squared()
    }

    @Test func gradientsAreTheSame() throws {
        func gradients(checkpointed isWanted: Bool) throws -> [[Float]] {
            let input = tensor([5, 6], seed: 1, requiresGradient: true)
            let scale = tensor([6], seed: 2, requiresGradient: true)
            let weights = (0..<3).map { tensor([6, 6], seed: 10 + $0, requiresGradient: true) }
            var states = input
            for weight in weights {
                states =
                    isWanted
                    ? checkpointed([states, scale]) { layer($0[0] * $0[1], weight) }
                    : layer(states * scale, weight)
            }
            states.mean().backward()
            return try ([input, scale] + weights).map { try #require($0.gradient).floats() }
        }
        #expect(try gradients(checkpointed: true) == gradients(checkpointed: false))
    }

    @Test func bodyRunsASecondTimeInBackward() {
        let counter = Counter()
        let input = tensor([4], seed: 1, requiresGradient: true)
        let output = checkpointed([input]) { inputs in
            counter.count += 1
            return inputs[0].squared()
        }
        #expect(counter.count == 1)
        output.sum().backward()
        #expect(counter.count == 2)
    }

    @Test func inputsWithoutGradients() throws {
        // No input collects a gradient, but the body closes over a weight that does.
        let input = tensor([3, 4], seed: 1)
        let weight = tensor([4, 4], seed: 2, requiresGradient: true)
        let output = checkpointed([input]) { layer($0[0], weight) }
        #expect(output.requiresGradient)
        output.sum().backward()
        let found = try #require(weight.gradient).floats()
        weight.gradient = nil
        layer(input, weight).sum().backward()
        #expect(try found == #require(weight.gradient).floats())
        #expect(input.gradient == nil)
    }

    @Test func nothingIsRecordedWithoutGradients() {
        let counter = Counter()
        let weight = tensor([4, 4], seed: 2, requiresGradient: true)
        let output = withoutGradients {
            checkpointed([tensor([3, 4], seed: 1)]) { inputs in
                counter.count += 1
                return layer(inputs[0], weight)
            }
        }
        #expect(counter.count == 1)
        #expect(!output.requiresGradient)
    }

    /// The segment holds its body, and the body what it closes over.
    @Test(arguments: [true, false]) func segmentIsReleased(runsBackward: Bool) {
        weak var held: Counter?
        do {
            let counter = Counter()
            held = counter
            let input = tensor([4], seed: 1, requiresGradient: true)
            let output = checkpointed([input]) { inputs in
                counter.count += 1
                return inputs[0].squared()
            }
            if runsBackward { output.sum().backward() }
            withExtendedLifetime(output) {}
        }
        #expect(held == nil)
    }

    @Test func segmentIsReleasedWithoutGradients() {
        weak var held: Counter?
        withoutGradients {
            let counter = Counter()
            held = counter
            _ = checkpointed([tensor([4], seed: 1)]) { inputs in
                counter.count += 1
                return inputs[0].squared()
            }
        }
        #expect(held == nil)
    }

    /// Adapters may leave the first blocks of a network alone.
    @Test func segmentWithoutAnythingTrainedIsLeftOut() throws {
        let frozen = Tensor.full([3], 2)
        let trained = Tensor.full([3], 3)
        trained.requiresGradient = true
        let first = checkpointed([Tensor.ones([3])]) { $0[0] * frozen }
        let second = checkpointed([first]) { $0[0] * trained }
        second.sum().backward()
        #expect(try #require(trained.gradient).floats() == [2, 2, 2])
        #expect(frozen.gradient == nil)
    }
}
