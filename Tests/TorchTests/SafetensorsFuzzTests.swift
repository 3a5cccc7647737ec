import Foundation
import TestSupport
import Testing
import Torch

/// Damaged safetensors files give an error or tensors, never a crash. See `ModelFuzzTests`.
@Suite struct SafetensorsFuzzTests {
    private static let seconds = ProcessInfo.processInfo.environment["ATTUNE_FUZZ_SECONDS"]
        .flatMap(Double.init)

    /// A small file of every type.
    private static func whole() throws -> Data {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "whole-\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        let one = Tensor([0, 1, 0, 1, 1, 0], shape: [2, 3])
        try SafetensorsWriter.write(
            DType.allCases.map { (name: "layer.\($0).weight", tensor: one.cast(to: $0)) }, to: url)
        return try Data(contentsOf: url)
    }

    @Test func singleBytes() throws {
        let whole = try Self.whole()
        var dice = Dice(state: 1)
        var opened = 0
        for _ in 0..<1_500 {
            var bytes = whole
            bytes[Int.random(in: 0..<whole.count, using: &dice)] = .random(
                in: .min ... .max, using: &dice)
            opened += try Self.exhaust(bytes) ? 1 : 0
        }
        #expect(opened > 0 && opened < 1_500)
    }

    @Test(.enabled(if: seconds != nil, "only `make fuzz` sets ATTUNE_FUZZ_SECONDS"))
    func forAsLongAsAsked() throws {
        let end = ContinuousClock.now + .seconds(Self.seconds ?? 0)
        let asked = ProcessInfo.processInfo.environment["ATTUNE_FUZZ_SEED"].flatMap(UInt64.init)
        let seed = asked ?? .random(in: .min ... .max)
        print("ATTUNE_FUZZ_SEED=\(seed)")
        var dice = Dice(state: seed)
        let whole = try Self.whole()
        var count = 0
        while ContinuousClock.now < end {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...6, using: &dice) { Self.mutate(&bytes, &dice) }
            try Self.exhaust(bytes)
            count += 1
        }
        print("\(count) damaged safetensors files were read or refused")
    }

    private static func mutate(_ bytes: inout Data, _ dice: inout Dice) {
        guard bytes.count > 16 else { return }
        let place = Int.random(in: 0..<bytes.count, using: &dice)
        let length = min(Int.random(in: 1...16, using: &dice), bytes.count - place)
        switch Int.random(in: 0..<5, using: &dice) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
        // Digits become others, which is where sizes and places lie.
        case 1:
            if (0x30...0x39).contains(bytes[place]) {
                bytes[place] = UInt8.random(in: 0x2D...0x39, using: &dice)
            }
        case 2: bytes.removeSubrange(place..<(place + length))
        case 3: bytes.insert(contentsOf: bytes[place..<(place + length)], at: place)
        default:
            let digits = Data(String(UInt64.random(in: .min ... .max, using: &dice)).utf8)
            bytes.replaceSubrange(place..<(place + length), with: digits)
        }
    }

    /// Reads everything in these bytes, or fails in a sentence; returns whether it could be read.
    @discardableResult
    private static func exhaust(_ bytes: Data) throws -> Bool {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "fuzz-\(UUID().uuidString).safetensors")
        try bytes.write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        do {
            let file = try SafetensorsFile(url)
            for key in file.keys {
                let tensor = try #require(file.tensor(key))
                #expect(tensor.shape == file.shape(of: key) && tensor.dtype == file.dtype(of: key))
                #expect(tensor.rawBytes().count == tensor.count * tensor.dtype.byteCount)
                _ = tensor.isAllFinite
            }
            return true
        } catch let error as CheckpointError {
            #expect(error.description.hasSuffix("."))
            return false
        }
    }
}
