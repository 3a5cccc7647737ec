import Foundation
import PyTorchArchive
import TestSupport
import Testing
import Torch

/// What is written is read back equal, here and (`Tests/Interop/check_archives.py`) by PyTorch.
@Suite struct WritingTests {
    /// One of everything; `Tests/Interop/archives/everything.pt` is this.
    private static func everything() -> PickleValue {
        let numbers = Tensor.arange(6).reshaped(2, 3) - 2.5
        let shared = StoredTensor(numbers)
        var tensors: [(String, PickleValue)] = DType.allCases.map { dtype in
            (dtype.rawValue, .tensor(.init(numbers.cast(to: dtype))))
        }
        tensors += [
            ("transposed", .tensor(.init(numbers.transposed(0, 1)))),
            ("scalar", .tensor(.init(Tensor([265], shape: [])))),
            ("empty", .tensor(.init(Tensor.zeros([0, 3])))),
            ("shared", .tensor(shared)), ("shared_again", .tensor(shared)),
        ]
        func half(_ scale: Double) -> PickleValue {
            .dictionary(
                .init(
                    named: [
                        ("linear.0.weight", .tensor(.init(numbers * scale))),
                        ("linear.0.bias", .tensor(.init(Tensor.zeros([2])))),
                    ], isOrdered: true))
        }
        return .dictionary(
            .init([
                (.string("tensors"), .dictionary(.init(named: tensors))),
                (.int(768), .tuple([half(1), half(2)])),
                (.int(-1), .list([.none, .bool(true), .bool(false), .list([]), .tuple([])])),
                (
                    .string("numbers"),
                    .list(
                        [0, 255, 256, 65535, 65536, -1, 2_147_483_648, -2_147_483_649, .max, .min]
                            .map { .int($0) })
                ),
                (.string("floats"), .tuple([.double(0.5), .double(-1e300), .double(.infinity)])),
                (.string("texts"), .list(["", "naïve", "机器人", "line\nfeed"].map { .string($0) })),
                (.string("bytes"), .bytes([0, 255, 128, 97])),
                (.string("empty"), .dictionary(.init())),
                (.string("ordered"), .dictionary(.init(isOrdered: true))),
            ]))
    }

    private static func flattened(_ value: PickleValue) -> [[UInt8]] {
        var bytes: [[UInt8]] = []
        value.forEachTensor { bytes.append($0.tensor().rawBytes()) }
        return bytes
    }

    @Test func readsBackEqual() throws {
        let scratch = try Scratch()
        let value = Self.everything()
        try PyTorchArchive.write(value, to: scratch.url)
        let found = try PyTorchArchive(scratch.url).value
        #expect(found.summary == value.summary)
        #expect(Self.flattened(found) == Self.flattened(value))
        #expect(found["tensors"]?["transposed"]?.tensorValue?.shape == [3, 2])
    }

    /// The file that the Python programs are shown is what is written today, byte for byte.
    @Test func isWhatPythonWasShown() throws {
        let golden = Fixture.root.deletingLastPathComponent()
            .appending(path: "Interop/archives/everything.pt")
        if ProcessInfo.processInfo.environment["ATTUNE_RECORD"] != nil {
            try PyTorchArchive.write(Self.everything(), to: golden)
        }
        let scratch = try Scratch()
        try PyTorchArchive.write(Self.everything(), to: scratch.url)
        #expect(try Data(contentsOf: scratch.url) == (try Data(contentsOf: golden)))
    }

    /// A1111 refuses a file with entries of any other name; PyTorch maps data of this alignment.
    @Test func holdsOnlyWhatA1111Takes() throws {
        let scratch = try Scratch()
        try PyTorchArchive.write(Self.everything(), to: scratch.url)
        let bytes = try Data(contentsOf: scratch.url)
        var (place, names): (Int, [String]) = (0, [])
        func number(_ at: Int, _ width: Int) -> Int {
            (0..<width).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
        }
        while number(place, 4) == 0x0403_4B50 {
            let (nameLength, extraLength) = (number(place + 26, 2), number(place + 28, 2))
            #expect(number(place + 8, 2) == 0 && number(place + 18, 4) == number(place + 22, 4))
            names.append(
                String(decoding: bytes[(place + 30)..<(place + 30 + nameLength)], as: UTF8.self))
            let data = place + 30 + nameLength + extraLength
            #expect(data % 64 == 0, "\(names)")
            place = data + number(place + 18, 4)
        }
        #expect(names.first == "archive/data.pkl" && names.last == "archive/version")
        // Nine dtypes, three odd ones, one that two names share, and two halves of two.
        #expect(names.dropFirst().dropLast() == (0..<17).map { "archive/data/\($0)" }[...])
    }

    private static let large = ProcessInfo.processInfo.environment["ATTUNE_LARGE_FILE"]

    /// Needs 13 GB of memory; `ATTUNE_LARGE_FILE` says where the file is written and left.
    @Test(.enabled(if: large != nil, "needs 13 GB and ATTUNE_LARGE_FILE"))
    func moreThanFourGigabytes() throws {
        let url = URL(filePath: try #require(Self.large))
        let tensor = Tensor.full([(1 << 32) + 5], 7, dtype: .uint8)
        let value = PickleValue.dictionary(
            .init(named: [
                ("large", .tensor(.init(tensor))), ("after", .tensor(.init(Tensor([1, 2])))),
            ]))
        try PyTorchArchive.write(value, to: url)
        let found = try PyTorchArchive(url).value
        #expect(found["after"]?.tensorValue?.tensor().integers() == [1, 2])
        #expect(found["large"]?.tensorValue?.shape == [(1 << 32) + 5])
    }

    @Test func whatWasReadCanBeWritten() throws {
        let scratch = try Scratch()
        let original = try archive("nested.legacy.pt").value
        try PyTorchArchive.write(original, to: scratch.url)
        #expect(try PyTorchArchive(scratch.url).value.summary == original.summary)
    }

    @Test func numbersThatAreNotFinite() throws {
        let scratch = try Scratch(Data("before".utf8))
        let value = PickleValue.dictionary(
            .init(named: [("broken", .tensor(.init(Tensor([1, .nan]))))]))
        let error = PyTorchArchiveError.notFinite(file: scratch.url.path, name: "broken")
        #expect(throws: error) { try PyTorchArchive.write(value, to: scratch.url) }
        #expect(try Data(contentsOf: scratch.url) == Data("before".utf8))
    }

    @Test func whatIsNoData() throws {
        let scratch = try Scratch()
        let refused = #expect(throws: PyTorchArchiveError.self) {
            try PyTorchArchive.write(.list([.opaque("os.system")]), to: scratch.url)
        }
        #expect(refused.map { "\($0)".contains("an object of os.system") } == true)
        var deep = PickleValue.none
        for _ in 0..<200 { deep = .list([deep]) }
        #expect(throws: PyTorchArchiveError.self) {
            try PyTorchArchive.write(deep, to: scratch.url)
        }
        #expect(!FileManager.default.fileExists(atPath: scratch.url.path))
    }
}
