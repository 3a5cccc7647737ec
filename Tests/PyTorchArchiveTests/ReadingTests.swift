import Foundation
import PyTorchArchive
import TestSupport
import Testing
import Torch

/// What `torch.save` wrote is read as it was.
@Suite struct ReadingTests {
    private static let variants = ["pt", "protocol4.pt", "legacy.pt"]

    @Test(arguments: ["dtypes", "views"], variants)
    func tensorsAreTheSame(name: String, variant: String) throws {
        let expected = try Fixture.file("archive/expected.safetensors")
        let tensors = try archive("\(name).\(variant)").tensors()
        #expect(tensors.count == expected.keys.filter { $0.hasPrefix("\(name).") }.count)
        for (key, tensor) in tensors {
            let wanted = try expected.require("\(name).\(key)")
            #expect(tensor.shape == wanted.shape && tensor.dtype == wanted.dtype, "\(key)")
            #expect(tensor.rawBytes() == wanted.rawBytes(), "\(key)")
        }
    }

    @Test(arguments: variants + ["legacy4.pt"])
    func plainValuesAreTheSame(variant: String) throws {
        let value = try archive("nested.\(variant)").value
        #expect(value["none"]?.summary == "None")
        #expect(value["flags"]?.summary == "[True, False]")
        #expect(
            value["numbers"]?.summary == "[0, 255, 256, 65535, 65536, -1, 2147483648, "
                + "-2147483649, 1099511627776, -9223372036854775808]")
        #expect(value["floats"]?.summary == "(0.5, -1e+300, inf)")
        #expect(
            value["texts"]?.elements?.map(\.stringValue) == [
                "", "naïve", "机器人", String(repeating: "a", count: 300),
            ])
        #expect(value["bytes"]?.summary == "b[0, 255, 128, 97, 98, 99]")
        #expect(value["empty"]?.summary == "{'list': [], 'tuple': (), 'dict': {}}")
        let dictionary = try #require(value.dictionaryValue)
        #expect(dictionary[768]?.summary == "({'inner': [{'deep': (1, (2, (3, 4)))}]})")
        #expect(dictionary[-1]?.stringValue == "minus one")
        #expect(dictionary[5] == nil && dictionary["nothing"] == nil)
        #expect(value["size"]?.summary == "(2, 3)")
        #expect(value["device"]?.stringValue == "cuda:1")
        #expect(value["numpy"]?.summary == "[0.25, -2.0, -5, -300, True]")
        #expect(
            value["module"]?.summary == "ordered{'weight': float32[2, 2], 'bias': float32[2]}")
        let weight = try #require(value["module"]?["weight"]?.tensorValue?.tensor())
        let expected = try Fixture.file("archive/expected.safetensors")
        #expect(weight.floats() == (try expected.require("module.weight")).floats())
        #expect(value["parameters"]?["*"]?.tensorValue?.tensor().floats() == [0, 1, 2, 3])
        #expect(value["ordered"]?.summary == "ordered{'z': 1, 'a': 2}")
    }

    @Test func anEmbeddingOfOldPrograms() throws {
        let value = try archive("embedding.pt").value
        #expect(value["string_to_token"]?["*"]?.tensorValue?.tensor().integers() == [265])
        let found = try #require(value["string_to_param"]?["*"]?.tensorValue?.tensor())
        let expected = try Fixture.file("archive/expected.safetensors").require("embedding")
        #expect(found.shape == [2, 8] && found.floats() == expected.floats())
    }

    @Test func aHypernetwork() throws {
        let value = try archive("hypernetwork.pt").value
        #expect(value["step"]?.intValue == 1000 && value["is_layer_norm"]?.boolValue == false)
        #expect(value["layer_structure"]?.elements?.map(\.doubleValue) == [1, 2, 1])
        let halves = try #require(value.dictionaryValue?[8]?.elements)
        let expected = try Fixture.file("archive/expected.safetensors")
        for (number, half) in halves.enumerated() {
            #expect(half.dictionaryValue?.isOrdered == true)
            for entry in try #require(half.dictionaryValue).entries {
                let key = "hypernetwork.\(number).\(entry.key.stringValue ?? "")"
                let found = entry.value.tensorValue?.tensor().floats()
                #expect(found == (try expected.require(key)).floats(), "\(key)")
            }
        }
    }

    @Test func objectsOfTrainingProgramsAreRefusedOrSkipped() throws {
        let url = Fixture.url("archive/lightning.ckpt")
        let refused = #expect(throws: PyTorchArchiveError.self) { try PyTorchArchive(url) }
        #expect(
            refused.map { "\($0)" } == url.path
                + ": it asks to run pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint, "
                + "which weights never need; the file is refused.")
        let archive = try PyTorchArchive(url, skippingUnknownObjects: true)
        let name = "<pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint>"
        #expect(archive.value["callbacks"]?.summary == "{\(name): \(name)}")
        #expect(archive.value["wide"]?.summary == "<int>")
        #expect(archive.value["epoch"]?.intValue == 3)
        let tensors = try archive.tensors()
        #expect(tensors.map(\.name) == ["first.weight", "first.bias"])
        let expected = try Fixture.file("archive/expected.safetensors")
        #expect(
            tensors[0].tensor.floats() == (try expected.require("lightning.first.weight")).floats())
    }

    @Test func aFileWithoutNamedTensors() throws {
        let scratch = try Scratch(Forge.file("(I1\nt"))
        let archive = try PyTorchArchive(scratch.url)
        #expect(throws: PyTorchArchiveError.tensorless(file: scratch.url.path)) {
            try archive.tensors()
        }
    }

    /// The whole of protocol 2 includes what protocols 0 and 1 have.
    @Test(arguments: [
        ("I7\n", "7"), ("L-9L\n", "-9"), ("F2.5\n", "2.5"), ("I01\n", "True"), ("I00\n", "False"),
        ("S'a\\x41\\n\\\\'\n", "'aA\n\\'"), ("V\\u00e9\\n\n", "'é\\n'"), ("U\u{3}abc", "'abc'"),
        ("(I1\nI2\nl", "[1, 2]"), ("(I1\nVa\nd", "{1: 'a'}"), ("]I1\na", "[1]"),
        ("]p5\n0I3\n0g5\n", "[]"), ("(I1\nI2\n1N", "None"), ("(0N", "None"),
        ("I1\n2\u{86}0N", "None"),
        ("}(I1\nI2\nI1\nI3\nu", "{1: 3}"), ("}(I01\nI2\nF1\nI3\nu", "{True: 3}"),
        ("(icollections\nOrderedDict\n", "ordered{}"),
        ("(ccollections\nOrderedDict\no", "ordered{}"),
        ("ccollections\nOrderedDict\n((Va\nI1\nltR", "malformed"),
        ("ccollections\nOrderedDict\n(((Va\nI1\nlltR", "ordered{'a': 1}"),
    ])
    func oldInstructions(pickle: String, expected: String) throws {
        // One instruction is above ASCII, and must not be encoded as text.
        let bytes = Data(pickle.unicodeScalars.map { UInt8($0.value) })
        if expected == "malformed" {
            #expect(try refusal(Forge.file(bytes)).contains("where its pickle needs a tuple"))
            return
        }
        let scratch = try Scratch(Forge.file(bytes))
        #expect(try PyTorchArchive(scratch.url).value.summary == expected)
    }
}
