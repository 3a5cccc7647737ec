import TestSupport
import Testing
import Torch

/// The numbers of PyTorch's CPU generator, bit for bit.
@Suite struct RandomTests {
    static let seeds: [UInt64] = [0, 42, 1 << 40]

    private func expectSame(
        _ found: Tensor, _ key: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let expected = try Fixture.file("ops/random.safetensors").require(key)
        #expect(found.dtype == expected.dtype, "\(key)", sourceLocation: sourceLocation)
        #expect(found.shape == expected.shape, "\(key)", sourceLocation: sourceLocation)
        #expect(found.rawBytes() == expected.rawBytes(), "\(key)", sourceLocation: sourceLocation)
    }

    /// Fewer than 16 numbers are drawn one by one, more of them in blocks.
    @Test(arguments: seeds, [1, 3, 15, 16, 17, 24, 33, 256])
    func normalNumbers(seed: UInt64, count: Int) throws {
        try expectSame(
            Tensor.randn([count], generator: Generator(seed: seed)),
            "rng.seed\(seed).randn.\(count)")
    }

    @Test(arguments: seeds, [DType.float64, .float16, .bfloat16])
    func normalNumbersOfOtherTypes(seed: UInt64, dtype: DType) throws {
        try expectSame(
            Tensor.randn([24], generator: Generator(seed: seed), dtype: dtype),
            "rng.seed\(seed).randn_\(dtype.rawValue).24")
    }

    @Test(arguments: seeds) func otherDistributions(seed: UInt64) throws {
        let name = "rng.seed\(seed)"
        try expectSame(
            Tensor.randn([1, 4, 8, 8], generator: Generator(seed: seed)), "\(name).randn.1x4x8x8")
        try expectSame(Tensor.rand([20], generator: Generator(seed: seed)), "\(name).rand.20")
        try expectSame(
            Tensor.randint(0..<1000, [20], generator: Generator(seed: seed)),
            "\(name).randint_0_1000.20")
        for count in [10, 200] {
            try expectSame(
                Tensor.randperm(count, generator: Generator(seed: seed)),
                "\(name).randperm.\(count)")
        }
    }

    /// What one draw leaves behind decides the next.
    @Test(arguments: seeds) func oneGeneratorThroughASequence(seed: UInt64) throws {
        let name = "rng.seed\(seed).sequence"
        let generator = Generator(seed: seed)
        try expectSame(Tensor.randn([3], generator: generator), "\(name).0.randn.3")
        try expectSame(
            Tensor.randint(0..<1000, [4], generator: generator), "\(name).1.randint_0_1000.4")
        try expectSame(Tensor.randn([40], generator: generator), "\(name).2.randn.40")
        try expectSame(Tensor.rand([5], generator: generator), "\(name).3.rand.5")
        try expectSame(Tensor.randperm(7, generator: generator), "\(name).4.randperm.7")
        try expectSame(Tensor.randn([16], generator: generator), "\(name).5.randn.16")
    }

    @Test func stateComesBack() {
        let generator = Generator(seed: 3)
        // An odd count of single draws: half a pair of normal numbers is part of the state.
        _ = Tensor.randn([3], generator: generator)
        let state = generator.state
        let expected = Tensor.randn([21], generator: generator).floats()
        let other = Generator(seed: 99)
        other.state = state
        #expect(Tensor.randn([21], generator: other).floats() == expected)
        generator.state = state
        #expect(Tensor.randn([21], generator: generator).floats() == expected)
        #expect(Tensor.randn([21], generator: generator).floats() != expected)
    }

    @Test func reseedingBeginsAnew() {
        let generator = Generator(seed: 8)
        let expected = Tensor.rand([9], generator: generator).floats()
        _ = Tensor.randn([5], generator: generator)
        generator.reseed(8)
        #expect(Tensor.rand([9], generator: generator).floats() == expected)
    }
}
