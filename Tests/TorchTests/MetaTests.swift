import Testing
import Torch

/// Tensors without contents: of every operation the shape and the type that it has with contents,
/// and the memory that it takes.
@Suite(.serialized) struct MetaTests {
    private struct Operation: CustomTestStringConvertible {
        let testDescription: String
        let shapes: [[Int]]
        let body: @Sendable ([Tensor]) -> Tensor

        init(
            _ name: String, _ shapes: [Int]..., body: @escaping @Sendable ([Tensor]) -> Tensor
        ) {
            testDescription = name
            self.shapes = shapes
            self.body = body
        }
    }

    private static let elementwise: [Operation] = {
        let all: [(String, @Sendable (Tensor) -> Tensor)] = [
            ("negated", { -$0 }), ("abs", { $0.abs() }), ("exp", { $0.exp() }),
            ("log", { $0.log() }), ("root", { $0.squareRoot() }),
            ("rsqrt", { $0.reciprocalSquareRoot() }), ("sign", { $0.sign() }),
            ("squared", { $0.squared() }), ("sin", { $0.sin() }), ("cos", { $0.cos() }),
            ("tanh", { $0.tanh() }), ("sigmoid", { $0.sigmoid() }), ("relu", { $0.relu() }),
            ("silu", { $0.silu() }), ("gelu", { $0.gelu() }), ("gelu tanh", { $0.geluTanh() }),
            ("quick gelu", { $0.quickGelu() }), ("1 / x", { 1 / $0 }),
            ("power", { $0.power(2) }), ("clamped", { $0.clamped(0, 1) }),
            ("softmax", { $0.softmax(-1) }), ("log softmax", { $0.logSoftmax(-1) }),
            ("cumulative product", { $0.cumulativeProduct(1) }), ("flipped", { $0.flipped(1) }),
            ("padded", { $0.padded([1, 2]) }), ("mean", { $0.mean([1]) }), ("sum", { $0.sum() }),
            ("maximum", { $0.maximum([1]) }), ("norm", { $0.norm([0]) }),
            ("variance", { $0.variance([1]) }), ("transposed", { $0.transposed(0, 1) }),
            ("as fp16", { $0.cast(to: .float16) }), ("as bf16", { $0.cast(to: .bfloat16) }),
            ("gathered", { $0.gathered(0, at: Tensor([1, 0, 1], device: $0.device)) }),
            ("rows", { $0.rows(at: Tensor([1, 0, 1], device: $0.device)) }),
            ("split", { $0.split(0, into: 2)[1] }), ("stacked", { Tensor.stacking([$0, $0]) }),
            ("selecting", { $0.isLess(than: 0).selecting($0, $0 * 2) }),
            ("checkpointed", { checkpointed([$0]) { $0[0].silu() * 2 } }),
        ]
        return all.map { name, body in Operation(name, [4, 6]) { body($0[0]) } }
    }()

    private static let layers = [
        Operation("sum", [4, 6], [4, 1]) { $0[0] + $0[1] },
        Operation("quotient", [4, 6], [6]) { $0[0] / $0[1] },
        Operation("minimum", [4, 6], [4, 6]) { $0[0].minimum($0[1]) },
        Operation("maximum", [4, 6], [4, 6]) { $0[0].maximum($0[1]) },
        Operation("matmul", [2, 4, 6], [2, 6, 3]) { $0[0].matmul($0[1]) },
        Operation("linear", [2, 5, 6], [4, 6], [4]) { $0[0].linear(weight: $0[1], bias: $0[2]) },
        Operation("conv2d", [2, 3, 9, 8], [4, 3, 3, 3], [4]) {
            $0[0].conv2d(weight: $0[1], bias: $0[2], stride: 2, padding: 1)
        },
        Operation("group norm", [2, 4, 3, 3], [4], [4]) {
            $0[0].groupNorm(groups: 2, weight: $0[1], bias: $0[2], epsilon: 1e-5)
        },
        Operation("layer norm", [2, 3, 4], [4], [4]) {
            $0[0].layerNorm(weight: $0[1], bias: $0[2], epsilon: 1e-5)
        },
        Operation("attention", [2, 2, 5, 8], [2, 2, 7, 8], [2, 2, 7, 8]) {
            Tensor.attention(query: $0[0], key: $0[1], value: $0[2], scale: 0.3)
        },
        Operation("upsampled", [1, 2, 3, 3]) { $0[0].upsampledNearest(height: 6, width: 5) },
        Operation("pooled", [1, 2, 4, 4]) { $0[0].averagePooled(2) },
        Operation("concatenated", [2, 3], [4, 3]) { Tensor.concatenating($0) },
    ]

    @Test(arguments: elementwise + layers)
    private func shapesAreThoseOfTensorsWithContents(_ operation: Operation) {
        func results(_ device: Device) -> [String] {
            let inputs = operation.shapes.map { Tensor.ones($0, device: device) }
            inputs.forEach { $0.requiresGradient = true }
            let output = operation.body(inputs)
            var all = [output]
            if output.requiresGradient {
                output.cast(to: .float32).sum().backward()
                all += inputs.compactMap(\.gradient)
            }
            return all.map { "\($0.dtype) \($0.shape)" }
        }
        let real = results(.cpu)
        for memory in [MetaMemory.main, .gpu] {
            #expect(results(.meta(memory)) == real)
        }
    }

    @Test func withoutGradients() {
        for device in [Device.cpu, .meta(.main), .meta(.gpu)] {
            let a = Tensor.ones([2, 3], device: device)
            #expect(a.isFinite().logicalNot().dtype == .bool)
            #expect(a.floored().rounded().shape == [2, 3])
            #expect(a.argmax(1).shape == [2])
            #expect(a.isAllFinite)
            #expect(a.singularValues().s.shape == [2])
            #expect(a.sum().item().isFinite)
            #expect(a.floats().count == 6)
        }
    }

    @Test func memoryIsCountedWhereItWouldBe() throws {
        let (main, gpu) = (Device.meta(.main), Device.meta(.gpu))
        func inUse(_ device: Device) throws -> Int { try #require(device.memoryInUse).inUse }
        let before = (try inUse(main), try inUse(gpu))
        let weights = Tensor.empty([1024, 1024], device: main)
        #expect(try inUse(main) - before.0 == 4 << 20)
        // A copy in another memory, though device, type and format are the same to LibTorch.
        let copy = weights.moved(to: gpu)
        #expect(copy.device == gpu && weights.device == main)
        #expect(try inUse(gpu) - before.1 == 4 << 20)
        // What is computed lies where its operands lie.
        let doubled = weights * 2
        #expect(doubled.device == main)
        #expect(try inUse(main) - before.0 == 8 << 20)
        #expect((copy * 2).device == gpu)
        // What has no contents gets none.
        #expect(copy.moved(to: .cpu).device == main)
    }

    /// CUDA's allocator takes 20 MB for tensors of 1 to 10 MB and splits them.
    @Test func aGPUReservesMoreThanIsInUse() throws {
        let gpu = Device.meta(.gpu)
        gpu.emptyCache()
        gpu.resetPeakMemory()
        let before = try #require(gpu.memoryInUse)
        let tensors = (0..<2).map { _ in Tensor.empty([5 << 18], device: gpu) }
        let after = try #require(gpu.memoryInUse)
        #expect(after.inUse - before.inUse == 10 << 20)
        #expect(after.peakReserved - before.peakReserved == 20 << 20)
        #expect(tensors.count == 2)
    }
}

/// What work costs, found from its operations.
@Suite struct OperationRecordTests {
    private func work(_ device: Device) {
        let a = Tensor.ones([64, 64], device: device)
        a.requiresGradient = true
        checkpointed([a]) { $0[0].matmul($0[0]).silu().softmax(-1) }.sum().backward()
        withoutGradients {
            let ids = Tensor([3, 1], device: device)
            _ = Tensor.attention(
                query: Tensor.ones([1, 2, 8, 16], device: device),
                key: Tensor.ones([1, 2, 8, 16], device: device),
                value: Tensor.ones([1, 2, 8, 16], device: device), scale: 1)
            _ = a.gathered(0, at: ids).floored()
        }
    }

    @Test func workIsMeasuredWithoutDoingIt() throws {
        for device in [Device.meta(.main), .meta(.gpu)] {
            let before = device.memoryInUse?.inUse
            let record = OperationRecord { work(device) }
            let found = record.seconds(on: .cpu, budget: .infinity)
            #expect(found.seconds > 0 && found.seconds.isFinite)
            #expect(found.share == 1)
            #expect(device.memoryInUse?.inUse == before)
        }
    }

    @Test func whatThereIsNoTimeForIsTakenAsTheRest() throws {
        let record = OperationRecord {
            let a = Tensor.ones([7, 11], device: .meta(.main))
            for _ in 0..<3 { _ = a.exp().sin() }
        }
        let none = record.seconds(on: .cpu, budget: 0)
        #expect(none.share < 1 && none.seconds >= 0)
        let all = record.seconds(on: .cpu, budget: .infinity)
        #expect(all.share == 1 && all.seconds > none.seconds)
    }

    /// Work on tensors with contents is taken down as well, and a long list in part.
    @Test func listsAreMeasuredInPart() throws {
        let tensors = (0..<3).map { _ in Tensor.empty([1 << 24], device: .meta(.main)) }
        let record = OperationRecord {
            Foreach.scale(tensors, by: Tensor.ones([], device: .meta(.main)))
        }
        #expect(record.seconds(on: .cpu, budget: .infinity).share == 1)
    }
}
