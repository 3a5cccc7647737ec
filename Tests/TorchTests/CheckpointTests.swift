import Foundation
import NN
import TestSupport
import Testing
import Torch

/// What a checkpoint says of tensors that are missing, misshapen or too many.
@Suite struct CheckpointTests {
    /// A file of these tensors, opened; the file's name is gone, its contents stay readable.
    private func file(_ tensors: [(String, Tensor)]) throws -> SafetensorsFile {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "checkpoint-\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        try SafetensorsWriter.write(tensors.map { (name: $0.0, tensor: $0.1) }, to: url)
        return try SafetensorsFile(url)
    }

    private func numbers(_ shape: [Int]) -> Tensor {
        Tensor((0..<shape.reduce(1, *)).map(Float.init), shape: shape)
    }

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch { return "\(error)" }
    }

    @Test func linearLayerTakesItsParameters() throws {
        let file = try file([("l.weight", numbers([2, 3])), ("l.bias", numbers([2]))])
        let checkpoint = Checkpoint(file, dtype: .bfloat16)
        let store = ParameterStore()
        let layer = try Linear(ParameterPath(checkpoint, store: store) / "l", 3, 2)
        try checkpoint.requireAllUsed()
        #expect(store.names == ["l.weight", "l.bias"])
        #expect(layer.weight.dtype == .bfloat16)
        #expect(layer.weight.floats() == [0, 1, 2, 3, 4, 5])
        #expect(checkpoint.has("l.bias") && !checkpoint.has("l.gain"))
    }

    @Test func missingTensorIsNamed() throws {
        let file = try file([("l.weight", numbers([2, 3]))])
        let path = ParameterPath(Checkpoint(file), store: ParameterStore())
        let message = message { _ = try Linear(path / "l", 3, 2) }
        #expect(message.contains("lacks the tensor l.bias"), "\(message)")
        #expect(message.contains(file.path))
    }

    @Test func misshapenTensorIsNamed() throws {
        let file = try file([("l.weight", numbers([3, 2])), ("l.bias", numbers([2]))])
        let path = ParameterPath(Checkpoint(file), store: ParameterStore())
        let message = message { _ = try Linear(path / "l", 3, 2) }
        #expect(message.contains("l.weight should have the shape [2, 3] and has [3, 2]"))
    }

    @Test func tensorsLeftOverAreNamed() throws {
        let file = try file([
            ("l.weight", numbers([2, 3])), ("l.bias", numbers([2])), ("l.gain", numbers([2])),
            ("l.ids", numbers([1])),
        ])
        let checkpoint = Checkpoint(file)
        _ = try Linear(ParameterPath(checkpoint, store: ParameterStore()) / "l", 3, 2)
        let message = message { try checkpoint.requireAllUsed { $0 == "l.ids" } }
        #expect(message.contains("1 tensor(s)") && message.contains("l.gain"), "\(message)")
        try checkpoint.requireAllUsed { $0 == "l.ids" || $0 == "l.gain" }
    }

    @Test(arguments: [DType.float16, .bfloat16, .float32, .float64])
    func valuesThatAreNotFiniteAreNamedWhereTheyAreRead(dtype: DType) throws {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "checkpoint-\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        for bad in [Float.nan, -.nan, .infinity, -.infinity] {
            // The last of many elements, as a loop over blocks may miss it.
            let weight = Tensor([Float](repeating: 1, count: 99_999) + [bad]).cast(to: dtype)
            let largest = Tensor([-65504, 65504, 0]).cast(to: dtype)
            try UncheckedSafetensors.write(["w": .init(weight), "l": .init(largest)], to: url)
            let file = try SafetensorsFile(url)
            let checkpoint = Checkpoint(file)
            #expect(try checkpoint.tensor("l", shape: [3], .zeros).count == 3)
            let message = message { _ = try checkpoint.tensor("w", shape: [100_000], .zeros) }
            #expect(message.hasPrefix("\(url.path): w holds values that are not finite"))
            #expect(!weight.isAllFinite && largest.isAllFinite)
            #expect(!weight.reshaped(100, 1000).transposed(0, 1).isAllFinite)
            #expect(
                !weight.reshaped(100, 1000).transposed(0, 1).narrowed(1, start: 99, length: 1)
                    .isAllFinite)
            #expect(weight.reshaped(100, 1000).narrowed(1, start: 0, length: 999).isAllFinite)
        }
    }

    @Test func valuesTooLargeForHalfPrecisionAreNamed() throws {
        let file = try file([("w", Tensor([1, 70_000]))])
        let message = message {
            _ = try Checkpoint(file, dtype: .float16).tensor("w", shape: [2], .zeros)
        }
        #expect(
            message
                == "\(file.path): w holds values too large for float16; compute in bf16 or fp32.")
        #expect(try Checkpoint(file, dtype: .bfloat16).tensor("w", shape: [2], .zeros).isAllFinite)
    }

    @Test func thirdsOfAFusedTensor() throws {
        let file = try file([("fused", numbers([6, 2])), ("odd", numbers([4, 2]))])
        var stored = [String: Checkpoint.Stored]()
        for index in 0..<3 {
            stored["part\(index)"] = .init(file: file, key: "fused", transform: .third(index))
        }
        stored["odd"] = .init(file: file, key: "odd", transform: .third(0))
        let checkpoint = Checkpoint(stored, origin: "a file")
        for index in 0..<3 {
            let part = try checkpoint.tensor("part\(index)", shape: [2, 2], .zeros)
            #expect(part.floats() == (0..<4).map { Float(4 * index + $0) })
        }
        #expect(throws: CheckpointError.self) {
            try checkpoint.tensor("odd", shape: [1, 2], .zeros)
        }
    }

    @Test func convolutionForALinearLayerAndTheReverse() throws {
        let file = try file([("conv", numbers([2, 2, 1, 1])), ("linear", numbers([2, 2]))])
        let checkpoint = Checkpoint(
            [
                "a": .init(file: file, key: "conv", transform: .reshaped),
                "b": .init(file: file, key: "linear", transform: .reshaped),
                "c": .init(file: file, key: "linear", transform: .transposed),
                "d": .init(file: file, key: "linear", transform: .reshaped),
            ], origin: "a file")
        #expect(try checkpoint.tensor("a", shape: [2, 2], .zeros).shape == [2, 2])
        #expect(try checkpoint.tensor("b", shape: [2, 2, 1, 1], .zeros).floats() == [0, 1, 2, 3])
        #expect(try checkpoint.tensor("c", shape: [2, 2], .zeros).floats() == [0, 2, 1, 3])
        #expect(throws: CheckpointError.self) {
            try checkpoint.tensor("d", shape: [3, 2], .zeros)
        }
    }

    @Test func randomInitializationFollowsItsSeed() throws {
        func drawn(_ seed: UInt64) throws -> [Float] {
            let source = RandomInitialization(Generator(seed: seed))
            return try source.tensor("a", shape: [64], .uniform(bound: 0.5)).floats()
        }
        #expect(try drawn(1) == drawn(1))
        #expect(try drawn(1) != drawn(2))
        #expect(try drawn(1).allSatisfy { abs($0) <= 0.5 })
    }
}
