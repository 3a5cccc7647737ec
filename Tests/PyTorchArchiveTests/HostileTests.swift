import Foundation
import PyTorchArchive
import TestSupport
import Testing
import Torch

/// Files made to run something, or to exhaust or mislead whoever reads them, are refused.
@Suite struct HostileTests {
    @Test(arguments: [
        ("cos\nsystem\n(Vecho\ntR", "os.system"), ("cposix\nsystem\n(Vecho\ntR", "posix.system"),
        ("cbuiltins\neval\n(V1\ntR", "builtins.eval"), ("(Vecho\nios\nsystem\n", "os.system"),
        ("(cos\nsystem\nVecho\no", "os.system"), ("Vos\nVsystem\n\u{93}", "os.system"),
        ("cbuiltins\ngetattr\n", "builtins.getattr"), ("}(Va\ncos\nsystem\nu", "os.system"),
        ("ctorch\nload\n(Vx\ntR", "torch.load"), ("cos\nsys\u{1B}tem\n", "os.sys?tem"),
        ("ctorch.serialization\nload\n", "torch.serialization.load"),
        ("\u{82}\u{1}", "a function of Python's extension registry"),
    ])
    func codeIsNamedAndNotRun(pickle: String, name: String) throws {
        let file = Forge.file(Data(pickle.unicodeScalars.map { UInt8($0.value) }))
        let message = try refusal(file)
        #expect(message.contains("it asks to run \(name), which weights never need"), "\(message)")
    }

    @Test func skippedCodeIsOnlyAName() throws {
        let scratch = try Scratch(
            Forge.file(
                "}(Va\ncos\nsystem\n(Vecho\ntRVb\ncbuiltins\ngetattr\n(cos\nsystem\nVx\ntR}bu"))
        let archive = try PyTorchArchive(scratch.url, skippingUnknownObjects: true)
        #expect(archive.value.summary == "{'a': <os.system>, 'b': <builtins.getattr>}")
    }

    @Test(arguments: [
        ("ccollections\nOrderedDict\n(tR(tR", "no function"), ("I1\n(tR", "no function"),
        ("I1\n}b", "has none"), ("ctorch\nFloatStorage\n(tR", "belongs to no tensor"),
        ("ctorch\nFloatStorage\n", "a class or a storage"), ("R", "takes more values"),
        ("t", "never began"), ("(I1\nI2\nd(", "takes more"), ("I1\n(I2\n\u{86}", "takes more"),
        ("h\u{5}", "recalls value 5"), ("}(I1\nu", "no value"),
        ("}]I1\ns", "list or dictionary as"),
        ("I1\nI2\na", "no list"), ("(Vx\ntQ", "no storage"), ("Pabc\n", "by a text"),
        ("\u{97}", "a buffer"), ("\u{80}\u{6}", "protocol 6"), ("\u{FF}", "0xff"),
        ("I99999999999999999999\n", "unreadable line"), ("\u{8A}\u{9}123456789", "an integer of 9"),
        ("\u{8B}\u{FF}\u{FF}\u{FF}\u{7F}1", "ends too early"),
        ("\u{8B}\u{FF}\u{FF}\u{FF}\u{FF}", "-1"),
        ("X\u{FF}\u{FF}\u{FF}\u{FF}a", "ends too early"), ("V\\uD800\n", "gone wrong"),
        ("\u{8D}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}", "claims a length"),
        ("\u{8D}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{7F}", "ends too early"),
        ("\u{95}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{FF}\u{7F}", "claims a frame"),
        ("U\u{2}\u{FF}\u{FE}0X\u{2}\u{0}\u{0}\u{0}\u{FF}\u{FE}", "not UTF-8"),
        ("]q\u{0}h\u{0}a", "contains itself"), ("}q\u{0}(Va\nh\u{0}u", "contains itself"),
        ("]q\u{0}(h\u{0}t\u{85}a", "contains itself"),
    ])
    func nonsense(pickle: String, reason: String) throws {
        let message = try refusal(Forge.file(Data(pickle.unicodeScalars.map { UInt8($0.value) })))
        #expect(message.contains(reason), "\(message)")
    }

    @Test(arguments: ["(", "]", "\u{85}", "}q\u{0}0(]"])
    func deepNesting(piece: String) throws {
        let bytes = Data(piece.unicodeScalars.map { UInt8($0.value) })
        var pickle = Data("N".utf8)
        for _ in 0..<1_000_000 { pickle += bytes }
        // Lists become nested when each is appended to the one before.
        if piece == "]" { pickle += Data(repeating: 0x61, count: 999_999) }
        #expect(try refusal(Forge.file(pickle)).contains("nests its values more than 128 deep"))
    }

    /// Each list holds the one before twice: 2 to the power of 100 values.
    @Test func bombOfTheMemo() throws {
        var pickle = Data("]q\0".utf8)
        for _ in 0..<100 { pickle += Data("0](h\0h\0eq\0".utf8) }
        #expect(try refusal(Forge.file(pickle)).contains("repeats its values"))
    }

    /// Copies of one long list, each of which a short call asks for.
    @Test func bombOfCopies() throws {
        var pickle = Data("](".utf8)
        for _ in 0..<20_000 { pickle += Data("I1\nI1\n\u{0}".utf8.dropLast()) + Data([0x86]) }
        pickle += Data("eq\0".utf8)
        for _ in 0..<20_000 { pickle += Data("0ccollections\nOrderedDict\n(h\0tR".utf8) }
        #expect(try refusal(Forge.file(pickle)).contains("steps"))
    }

    @Test func moreValuesThanWeightsHave() throws {
        let pickle = Data("](".utf8) + Data(repeating: 0x4E, count: 5_000_000) + Data("e".utf8)
        #expect(try refusal(Forge.file(pickle)).contains("more than 2000000 values"))
    }

    @Test(arguments: [
        Forge.tensor(count: "5"), Forge.tensor(count: "4611686018427387904"),
        Forge.tensor(count: "-4"), Forge.tensor(offset: "1"), Forge.tensor(offset: "-1"),
        Forge.tensor(offset: "9223372036854775807"), Forge.tensor(shape: ["5"]),
        Forge.tensor(shape: ["-4"]), Forge.tensor(strides: ["2"]), Forge.tensor(strides: ["-1"]),
        Forge.tensor(strides: ["9223372036854775807"]), Forge.tensor(shape: ["4", "1"]),
        Forge.tensor(shape: ["4611686018427387904"], strides: ["0"]),
        Forge.tensor(shape: ["300000"], strides: ["0"]),
        Forge.tensor(shape: ["4294967296", "4294967296"], strides: ["0", "0"]),
        Forge.tensor(shape: ["0", "4611686018427387904"], strides: ["1", "1"]),
        Forge.tensor(
            shape: Array(repeating: "1", count: 33), strides: Array(repeating: "1", count: 33)),
        Forge.tensor(storage: "DoubleStorage"), Forge.tensor(key: "1"), Forge.tensor(key: "../x"),
        Forge.tensor(shape: ["Va"]), Forge.tensor(offset: "x"),
        Forge.tensor(offset: "5", shape: ["0"]),
    ])
    func tensorsOutsideOfTheirStorage(tensor: String) throws {
        _ = try refusal(Forge.file(tensor))
    }

    @Test func tensorsWithinTheirStorage() throws {
        for tensor in [
            Forge.tensor(), Forge.tensor(offset: "3", shape: ["1"], strides: ["100"]),
            Forge.tensor(shape: ["2", "2"], strides: ["1", "2"]), Forge.tensor(shape: ["0"]),
            Forge.tensor(shape: ["200000"], strides: ["0"]), Forge.tensor(shape: [], strides: []),
            Forge.tensor(offset: "4", shape: ["0"]),
        ] {
            let scratch = try Scratch()
            let file = Forge.file(tensor)
            #expect(try exhaust(file, at: scratch.url, skippingUnknownObjects: false), "\(tensor)")
        }
    }

    /// A bool of another byte than 0 and 1 would be no value that a program expects.
    @Test func strangeBools() throws {
        let file = Forge.file(Forge.tensor(storage: "BoolStorage"), storage: Data([0, 1, 2, 255]))
        let scratch = try Scratch(file)
        let bytes = try PyTorchArchive(scratch.url).value.tensorValue?.tensor().unsignedBytes()
        #expect(bytes == [0, 1, 1, 1])
    }

    /// A small file does not become large in memory by naming its bytes again and again.
    @Test func theSameBytesOverAndOver() throws {
        var pickle = "}("
        for number in 0..<200 {
            pickle += "Vt\(number)\n" + Forge.tensor(count: "250000", shape: ["250000"])
        }
        let scratch = try Scratch(Forge.file(pickle + "u", storage: Data(count: 1_000_000)))
        let archive = try PyTorchArchive(scratch.url)
        #expect(throws: PyTorchArchiveError.self) { try archive.tensors() }
    }
}
