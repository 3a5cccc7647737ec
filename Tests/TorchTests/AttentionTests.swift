import TestSupport
import Testing
import Torch

/// Attention against the product of matrices: LibTorch's in fp32, and in bf16 our own where the
/// processor has it.
@Suite struct AttentionTests {
    private func reference(_ q: Tensor, _ k: Tensor, _ v: Tensor, scale: Double) -> Tensor {
        let wide = [q, k, v].map { $0.cast(to: .float64) }
        let weights = (wide[0].matmul(wide[1].transposed(2, 3)) * scale).softmax(3)
        return weights.matmul(wide[2])
    }

    /// `[batch, heads, tokens, size]` as layers make it: heads split from one wide row.
    private func heads(_ tokens: Int, _ size: Int, _ generator: Generator) -> Tensor {
        Tensor.randn([2, tokens, 3 * size], generator: generator)
            .reshaped(2, tokens, 3, size).transposed(1, 2)
    }

    @Test(
        arguments: [(64, 64), (77, 1), (5, 77), (130, 200), (100, 1030), (1, 1)],
        [8, 32, 40, 64, 72, 80, 160])
    func matchesTheDefinition(tokens: (queries: Int, keys: Int), size: Int) {
        let generator = Generator(seed: 9)
        let query = heads(tokens.queries, size, generator) * 3
        let key = heads(tokens.keys, size, generator)
        let value = heads(tokens.keys, size, generator)
        let scale = 1 / Double(size).squareRoot()
        let expected = reference(query, key, value, scale: scale)
        let found = withoutGradients {
            Tensor.attention(query: query, key: key, value: value, scale: scale)
        }
        let distance = Distance(found, expected)
        #expect(distance.isWithin(absolute: 1e-5, relative: 2e-6), "\(distance)")

        let half = [query, key, value].map { $0.cast(to: .bfloat16) }
        let foundHalf = withoutGradients {
            Tensor.attention(query: half[0], key: half[1], value: half[2], scale: scale)
        }
        #expect(foundHalf.dtype == .bfloat16)
        let distanceHalf = Distance(
            foundHalf, reference(half[0], half[1], half[2], scale: scale))
        #expect(distanceHalf.relative < 4e-3, "\(distanceHalf)")
    }

    /// Everything else here says nothing of our own kernel where it cannot run, so that is told.
    @Test(
        .enabled(
            if: Compute.hasWideAttention,
            "no AVX-512 in this processor: attention in bf16 was LibTorch's, not our own"))
    func ourKernelForAVX512IsWhatWasTested() {
        let generator = Generator(seed: 6)
        let inputs = [100, 1030, 1030].map { heads($0, 40, generator).cast(to: .bfloat16) }
        func attend() -> Tensor {
            .attention(query: inputs[0], key: inputs[1], value: inputs[2], scale: 0.2)
        }
        let ours = withoutGradients { attend() }
        // Where gradients are recorded it is LibTorch's, which rounds in another order.
        inputs[0].requiresGradient = true
        let theirs = attend().detached()
        let distance = Distance(ours, theirs)
        #expect(distance.relative > 0 && distance.relative < 8e-3, "\(distance)")
    }

    /// Scores far beyond the range of exp neither overflow nor lose the largest.
    @Test func largeScoresAreSafe() {
        let generator = Generator(seed: 1)
        let query = (heads(70, 40, generator) * 100).cast(to: .bfloat16)
        let key = (heads(70, 40, generator) * 100).cast(to: .bfloat16)
        let value = heads(70, 40, generator).cast(to: .bfloat16)
        let found = withoutGradients {
            Tensor.attention(query: query, key: key, value: value, scale: 1)
        }
        let distance = Distance(found, reference(query, key, value, scale: 1))
        #expect(distance.relative < 4e-3, "\(distance)")
    }

    /// What is not a number must not be hidden.
    @Test func notANumberStaysSo() {
        let generator = Generator(seed: 2)
        let query = heads(12, 40, generator).cast(to: .bfloat16)
        let key = heads(70, 40, generator).cast(to: .bfloat16)
        let value = heads(70, 40, generator).cast(to: .bfloat16)
        key.narrowed(2, start: 65, length: 1).fill(with: .nan)
        let found = withoutGradients {
            Tensor.attention(query: query, key: key, value: value, scale: 0.2)
        }
        #expect(!found.isAllFinite)
    }

    /// Where bf16 is trained and the keys are few, plain products take the place of LibTorch's
    /// kernel: the same values and gradients, causal or not, up to the rounding of bf16.
    @Test(arguments: [(64, 77, false), (77, 77, true), (1, 256, false), (64, 300, false)])
    func gradientsMatchInBFloat16(queries: Int, keys: Int, isCausal: Bool) {
        let generator = Generator(seed: 4)
        let inputs = [queries, keys, keys].map { heads($0, 32, generator).cast(to: .bfloat16) }
        func run(_ dtype: DType) -> [Tensor] {
            let leaves = inputs.map { $0.converted(to: dtype, copies: true) }
            for leaf in leaves { leaf.requiresGradient = true }
            let scale = 1 / 32.0.squareRoot()
            let output: Tensor
            if dtype == .float64 {
                var scores = leaves[0].matmul(leaves[1].transposed(2, 3)) * scale
                if isCausal {
                    let place = Tensor.arange(keys, dtype: .float64)
                    let isLater = (place.unsqueezed(0) - place.unsqueezed(1)).isAtLeast(0.5)
                    scores = scores - isLater.cast(to: .float64) * 1e9
                }
                output = scores.softmax(3).matmul(leaves[2])
            } else {
                output = Tensor.attention(
                    query: leaves[0], key: leaves[1], value: leaves[2], isCausal: isCausal,
                    scale: scale)
            }
            #expect(output.dtype == dtype)
            output.cast(to: .float64).squared().sum().backward()
            return [output.detached()] + leaves.compactMap(\.gradient)
        }
        let (found, expected) = (run(.bfloat16), run(.float64))
        #expect(found.count == 4)
        for (one, other) in zip(found, expected) {
            let distance = Distance(one, other)
            #expect(distance.relative < 1e-2, "\(distance)")
        }
    }
}
