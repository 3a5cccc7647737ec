import Foundation
import Testing
import Torch

/// Files of any content give tensors or a named error, never a crash.
@Suite struct SafetensorsTests {
    private struct Scratch {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "safetensors-\(UUID().uuidString).safetensors")

        func remove() { try? FileManager.default.removeItem(at: url) }
    }

    /// A file with this header and so many zero bytes of data.
    private static func bytes(header: String, data: Int = 16, claimed: UInt64? = nil) -> Data {
        var length = (claimed ?? UInt64(header.utf8.count)).littleEndian
        return Data(bytes: &length, count: 8) + Data(header.utf8) + Data(count: data)
    }

    private static func entry(
        _ dtype: String = "F32", shape: String = "[2,2]", offsets: String = "[0,16]"
    ) -> String { #"{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"# }

    /// The message of the error that opening these bytes gives.
    private func refusal(_ bytes: Data) throws -> String {
        let scratch = Scratch()
        defer { scratch.remove() }
        try bytes.write(to: scratch.url)
        do {
            let file = try SafetensorsFile(scratch.url)
            Issue.record("opened, with the keys \(file.keys)")
            return ""
        } catch {
            let message = "\(error)"
            #expect(message.contains(scratch.url.path), "no file name in: \(message)")
            return message
        }
    }

    @Test func aWholeFileOpens() throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        let header = #"{"__metadata__":{"format":"pt"},"a":\#(Self.entry())}"#
        try Self.bytes(header: header).write(to: scratch.url)
        let file = try SafetensorsFile(scratch.url)
        #expect(file.keys == ["a"])
        #expect(file.tensor("a")?.floats() == [0, 0, 0, 0])
        #expect(file.tensor("b") == nil)
        #expect(file.header.metadata == ["format": "pt"])
    }

    @Test func tooShort() throws {
        #expect(try refusal(Data()).contains("0 bytes long"))
        #expect(try refusal(Data(count: 7)).contains("7 bytes long"))
    }

    @Test(arguments: [100, UInt64(Int64.max), .max, 1 << 40])
    func headerLongerThanTheFile(claimed: UInt64) throws {
        let bytes = Self.bytes(header: "{}", data: 0, claimed: claimed)
        #expect(try refusal(bytes).contains("claims a header of \(claimed) bytes"))
    }

    @Test(arguments: ["[]", "nonsense", "{\"a\":", "\u{1}", "17", "null"])
    func headerThatIsNoObject(header: String) throws {
        #expect(try refusal(Self.bytes(header: header)).contains("not a JSON object"))
    }

    @Test func nothingButZeros() throws {
        #expect(try refusal(Self.bytes(header: "")).contains("nothing but zeros at its start"))
    }

    /// What people give by mistake, and what downloads leave behind.
    @Test(arguments: [
        ("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "Git LFS pointer"),
        ("<!DOCTYPE html><html><body>404 Not Found</body></html>", "web page"),
        ("\u{89}PNG\r\n\u{1A}\n 0000 IHDR", "PNG picture"), ("GGUF 0000 0000", "GGUF"),
        ("{\"error\": \"no such repository\"}", "JSON"), ("just some words", "a text"),
        ("PK\u{3}\u{4} and so on", "zip archive"),
    ])
    func filesOfOtherKindsAreNamed(start: String, kind: String) throws {
        let bytes = Data(start.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
        let message = try refusal(bytes)
        #expect(message.contains(kind) && !message.contains("claims a header"), "\(message)")
    }

    @Test(arguments: ["F8_E4M3", "F8_E5M2"]) func eightBitFloatsAreNamed(dtype: String) throws {
        let header = "{\"a\":\(Self.entry(dtype))}"
        let message = try refusal(Self.bytes(header: header))
        #expect(message.contains("as \(dtype)") && message.contains("8-bit floating point"))
        #expect(!message.contains("damaged"), "\(message)")
    }

    @Test func headerNestedDeeply() throws {
        let deep = String(repeating: "[", count: 200_000)
        _ = try refusal(Self.bytes(header: "{\"a\":\(deep)"))
    }

    @Test(arguments: [
        "17", "{}", #"{"dtype":"F32","shape":[2,2]}"#, entry(shape: "\"4\""),
        entry(shape: "[2.5]"), entry(offsets: "[0]"), entry(offsets: "[0,16,16]"),
        entry(shape: "[18446744073709551616]"),
    ])
    func entryWithoutItsFields(entry: String) throws {
        #expect(try refusal(Self.bytes(header: "{\"a\":\(entry)}")).contains("describes a"))
    }

    @Test(arguments: ["F8_E4M3", "C64", "f32", ""])
    func unknownType(dtype: String) throws {
        let header = "{\"a\":\(Self.entry(dtype))}"
        #expect(try refusal(Self.bytes(header: header)).contains("a type that is not supported"))
    }

    @Test(arguments: ["[0,32]", "[16,32]", "[16,0]", "[-16,0]", "[0,9223372036854775807]"])
    func placesOutsideTheData(offsets: String) throws {
        let header = "{\"a\":\(Self.entry(offsets: offsets))}"
        #expect(try refusal(Self.bytes(header: header)).contains("places a at bytes"))
    }

    @Test func cutShort() throws {
        let bytes = Self.bytes(header: "{\"a\":\(Self.entry())}")
        for lost in [1, 8, 15, 16] {
            #expect(try refusal(bytes.dropLast(lost)).contains("cut short"))
        }
    }

    @Test(arguments: [
        "[-2,-2]", "[4611686018427387904,4]", "[9223372036854775807,9223372036854775807]",
        "[4294967296,4294967296]",
    ])
    func impossibleShape(shape: String) throws {
        let header = "{\"a\":\(Self.entry(shape: shape))}"
        #expect(try refusal(Self.bytes(header: header)).contains("impossible shape"))
    }

    @Test(arguments: ["[2]", "[5]", "[]", "[0]"])
    func sizeThatDoesNotFit(shape: String) throws {
        let header = "{\"a\":\(Self.entry(shape: shape))}"
        #expect(try refusal(Self.bytes(header: header)).contains("gives a 16 bytes where"))
    }

    @Test(arguments: ["[0,16]", "[8,24]"])
    func overlap(offsets: String) throws {
        let header = "{\"a\":\(Self.entry()),\"b\":\(Self.entry(offsets: offsets))}"
        #expect(try refusal(Self.bytes(header: header, data: 32)).contains("overlap"))
    }

    /// One name twice leaves bytes that belong to no tensor, as does a gap or a tail.
    @Test(arguments: [
        "{\"a\":\(entry()),\"a\":\(entry(offsets: "[16,32]"))}",
        "{\"a\":\(entry(offsets: "[16,32]"))}", "{\"a\":\(entry())}",
    ])
    func bytesOfNoTensor(header: String) throws {
        #expect(try refusal(Self.bytes(header: header, data: 32)).contains("no tensor"))
    }

    @Test func emptyTensorsOfAnyShape() throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        let header = """
            {"a":\(Self.entry(shape: "[0]", offsets: "[0,0]")),\
            "b":\(Self.entry(shape: "[3,0,1048576]", offsets: "[0,0]")),\
            "c":\(Self.entry(shape: "[]", offsets: "[0,4]"))}
            """
        try Self.bytes(header: header, data: 4).write(to: scratch.url)
        let file = try SafetensorsFile(scratch.url)
        #expect(file.tensor("a")?.shape == [0])
        #expect(file.tensor("b")?.shape == [3, 0, 1_048_576])
        #expect(file.tensor("c")?.shape == [])
    }

    /// LibTorch cannot count the strides of these, though they hold nothing.
    @Test(arguments: [
        "[1099511627776,0,1099511627776]", "[0,4611686018427387904]",
        "[\(repeatElement("1", count: 100).joined(separator: ",")),0]",
    ])
    func emptyTensorsOfImpossibleShape(shape: String) throws {
        let header = "{\"a\":\(Self.entry(shape: shape, offsets: "[0,0]"))}"
        #expect(try refusal(Self.bytes(header: header, data: 0)).contains("impossible shape"))
    }

    @Test func pathsThatAreNoFiles() {
        let folder = FileManager.default.temporaryDirectory
        #expect(throws: CheckpointError.self) { try SafetensorsFile(folder) }
        #expect(throws: CheckpointError.self) {
            try SafetensorsFile(folder.appending(path: "nothing-\(UUID().uuidString)"))
        }
        #expect(throws: CheckpointError.self) { try SafetensorsFile(URL(filePath: "/dev/zero")) }
    }

    @Test(arguments: DType.allCases)
    func writingAndReadingGiveTheSame(dtype: DType) throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        let tensor = Tensor([0, 1, 0, 1, 1, 0], shape: [2, 3]).cast(to: dtype)
        let turned = tensor.transposed(0, 1)
        try SafetensorsWriter.write(
            [("z.turned", turned), ("a", tensor)], to: scratch.url, metadata: ["note": "ü \"q\""])
        let file = try SafetensorsFile(scratch.url)
        #expect(file.keys == ["a", "z.turned"])
        #expect(file.header.metadata == ["note": "ü \"q\""])
        let back = try #require(file.tensor("z.turned"))
        #expect(back.dtype == dtype)
        #expect(back.shape == [3, 2])
        #expect(back.integers() == [0, 1, 1, 1, 0, 0])
        #expect(file.header.dataOffset % 8 == 0)
    }

    @Test func numbersThatAreNotFiniteAreNotWritten() throws {
        let scratch = Scratch()
        defer { scratch.remove() }
        try Data("before".utf8).write(to: scratch.url)
        for (value, dtype) in [(Float.nan, nil), (.infinity, nil), (1e6, DType.float16)] {
            #expect(throws: CheckpointError.self) {
                try SafetensorsWriter.write(
                    [("a", Tensor([1, value]))], to: scratch.url, dtype: dtype)
            }
        }
        #expect(try Data(contentsOf: scratch.url) == Data("before".utf8))
    }
}
