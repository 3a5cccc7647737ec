import Foundation
import TestSupport
import Testing
import Torch

/// Who owns what: operands live as long as an operation needs them, and no longer.
@Suite(.serialized) struct MemoryTests {
    /// Bytes of this process that are in memory, or nil where the system does not say.
    private static var residentByteCount: Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .ascii) else {
            return nil
        }
        return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 4096 }
    }

    /// Whether `body` leaves no more than 256 MiB behind. Only a process that does nothing else
    /// can tell.
    private static func staysSmall(_ body: () -> Void) throws {
        let start = try #require(residentByteCount)
        body()
        let grown = try #require(residentByteCount) - start
        #expect(grown < 256 << 20, "\(grown >> 20) MiB were kept")
    }

    /// Optimized Swift releases an object right after its last use: a temporary whose handle is
    /// all that the operation sees would be gone before LibTorch reads it.
    @Test func temporariesLiveThroughTheOperation() throws {
        let input = Tensor.randn([16, 64], generator: Generator(seed: 1))
        let weight = Tensor.randn([32, 64], generator: Generator(seed: 2))
        let bias = Tensor.randn([32], generator: Generator(seed: 3))
        let expected = input.linear(weight: weight, bias: bias)
        for _ in 0..<500 {
            let output = (input.cast(to: .bfloat16)).linear(
                weight: weight.cast(to: .bfloat16), bias: bias.cast(to: .bfloat16))
            // Memory that is used again at once holds other numbers.
            _ = Tensor.full([32, 64], .nan, dtype: .bfloat16)
            let distance = Distance(output, expected)
            #expect(distance.relative < 0.02, "\(distance)")
            if distance.relative >= 0.02 { return }
        }
    }

    @Test func temporariesInLists() {
        let parts = (0..<4).map { Tensor.full([64, 64], Double($0)) }
        for _ in 0..<200 {
            let joined = Tensor.concatenating(parts.map { $0 + 1 })
            _ = Tensor.full([64, 64], .nan)
            let sums = joined.split(0, into: 4).map { $0.mean().item() }
            #expect(sums == [1, 2, 3, 4])
            if sums != [1, 2, 3, 4] { return }
        }
    }

    @Test func aViewKeepsItsMemory() {
        var view: Tensor
        do { view = Tensor.arange(1024).reshaped(32, 32).narrowed(0, start: 31, length: 1) }
        _ = Tensor.full([32, 32], -1)
        #expect(view.floats().first == 992)
    }

    /// 4 GiB go through here 16 MiB at a time.
    @Test func tensorsAreFreed() async {
        await #expect(processExitsWith: .success) {
            try Self.staysSmall {
                for _ in 0..<256 {
                    let tensor = Tensor.zeros([1 << 22])
                    tensor.fill(with: 1)
                }
            }
        }
    }

    /// The record for backward goes with the last tensor that it leads to.
    @Test func recordsForBackwardAreFreed() async {
        await #expect(processExitsWith: .success) {
            let weight = Tensor.full([1 << 20], 1)
            weight.requiresGradient = true
            func step() {
                var states = weight * 1
                for _ in 0..<8 { states = (states * states).sigmoid() }
                states.mean().backward()
                weight.gradient = nil
            }
            step()
            try Self.staysSmall { for _ in 0..<24 { step() } }
        }
    }

    @Test func generatorOutlivesItsUse() {
        for seed in 0..<200 as Range<UInt64> {
            let drawn = Tensor.randn([8], generator: Generator(seed: seed)).floats()
            #expect(drawn == Tensor.randn([8], generator: Generator(seed: seed)).floats())
        }
    }
}
