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
}
