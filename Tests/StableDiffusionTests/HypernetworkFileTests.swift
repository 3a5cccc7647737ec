import Foundation
import NN
import PyTorchArchive
import StableDiffusion
import TestSupport
import Testing
import Torch

/// A1111's files of hypernetworks.
@Suite struct HypernetworkFileTests {
    private func temporary() -> URL {
        FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).pt")
    }

    @Test func readsWhatA1111Writes() throws {
        let found = try HypernetworkFile.read(Fixture.url("hypernetworks/dropout.pt"))
        var expected = HypernetworkConfiguration()
        expected.layerStructure = [1, 1.5, 1.5, 1]
        expected.activation = .swish
        expected.weightInitialization = .kaimingNormal
        expected.usesDropout = true
        expected.dropoutStructure = [0, 0.25, 0.4, 0]
        expected.lastLayerDropout = true
        expected.activatesOutput = true
        expected.widths = [5, 4]
        #expect(found.configuration == expected)
        #expect(found.name == "größe")
        #expect(found.step == 1500)
        #expect(found.checkpointHash == "6ce0161689")
        #expect(found.checkpointName == "v1-5-pruned-emaonly")
        #expect(found.information == "made of five photos")
        #expect(found.strength == 1)
        // Dropout and activation count in the numbers of the layers.
        let names = found.parameters.names.filter { $0.hasPrefix("5.key.") }
        #expect(
            names
                == [0, 3, 6].flatMap {
                    ["5.key.linear.\($0).weight", "5.key.linear.\($0).bias"]
                })
    }

    @Test func readsTheFirstFiles() throws {
        let found = try HypernetworkFile.read(Fixture.url("hypernetworks/old.pt"))
        #expect(found.name == "old")
        #expect(found.step == 0)
        var expected = HypernetworkConfiguration()
        expected.activatesOutput = true
        expected.widths = [4]
        #expect(found.configuration == expected)
        let fixture = try Fixture.file("hypernetworks/old.safetensors")
        let input = try fixture.require("input")
        for (part, name) in [(Hypernetwork.Part.key, "key"), (.value, "value")] {
            let module = try #require(found.module(width: 4, part))
            let distance = Distance(module(input), try fixture.require(name))
            #expect(distance.isWithin(absolute: 1e-6, relative: 1e-6), "\(name): \(distance)")
        }
    }

    @Test(arguments: ["dropout", "first", "second", "old"])
    func roundTripLosesNothing(name: String) throws {
        let url = temporary()
        defer { try? FileManager.default.removeItem(at: url) }
        let original = try HypernetworkFile.read(Fixture.url("hypernetworks/\(name).pt"))
        try HypernetworkFile.write(original, to: url)
        let again = try HypernetworkFile.read(url)
        var expected = original.configuration
        expected.dropoutStructure = expected.dropouts
        #expect(again.configuration == expected)
        #expect(again.name == original.name)
        #expect(again.step == original.step)
        #expect(again.checkpointHash == original.checkpointHash)
        #expect(again.checkpointName == original.checkpointName)
        #expect(again.information == original.information)
        #expect(again.parameters.names == original.parameters.names)
        for (name, tensor) in original.parameters.entries {
            #expect(Distance(again.parameters[name], tensor).absolute == 0, "\(name)")
        }
    }

    /// Key for key and kind for kind as A1111's own saving.
    @Test func writesWhatA1111Writes() throws {
        let url = temporary()
        defer { try? FileManager.default.removeItem(at: url) }
        let source = Fixture.url("hypernetworks/first.pt")
        try HypernetworkFile.write(try HypernetworkFile.read(source), to: url)
        let written = try Self.outline(PyTorchArchive(url).value)
        #expect(written == (try Self.outline(PyTorchArchive(source).value)))
        #expect(written.contains("\"activation_func\": \"relu\", \"is_layer_norm\": false"))
    }

    private static func outline(_ value: PickleValue) -> String {
        switch value {
        case .none: "None"
        case .bool(let flag): "\(flag)"
        case .int(let number): "\(number)"
        case .double(let number): "\(number)"
        case .string(let text): "\"\(text)\""
        case .list(let items): "[" + items.map(outline).joined(separator: ", ") + "]"
        case .tuple(let items): "(" + items.map(outline).joined(separator: ", ") + ")"
        case .dictionary(let dictionary):
            (dictionary.isOrdered ? "ordered" : "")
                + "{"
                + dictionary.entries.map { "\(outline($0.key)): \(outline($0.value))" }
                .joined(separator: ", ") + "}"
        case .tensor(let tensor): "\(tensor.dtype)\(tensor.shape)"
        case .bytes, .opaque: "?"
        }
    }

    @Test func nothingIsWrittenOfWhatIsNotFinite() throws {
        let url = temporary()
        let hypernetwork = try HypernetworkFile.read(Fixture.url("hypernetworks/first.pt"))
        hypernetwork.parameters["8.key.linear.0.bias"].fill(with: .nan)
        #expect(throws: PyTorchArchiveError.self) {
            try HypernetworkFile.write(hypernetwork, to: url)
        }
        #expect(!FileManager.default.fileExists(atPath: url.path))
    }

    /// What is wrong with a file, as the error says it, without the file's name.
    private func refusal(_ change: (inout PickleDictionary) -> Void) throws -> String {
        let url = temporary()
        defer { try? FileManager.default.removeItem(at: url) }
        let source = try PyTorchArchive(Fixture.url("hypernetworks/old.pt"))
        var root = try #require(source.value.dictionaryValue)
        change(&root)
        try PyTorchArchive.write(.dictionary(root), to: url)
        do {
            _ = try HypernetworkFile.read(url)
            return ""
        } catch let error as HypernetworkError {
            #expect(error.description.hasPrefix(url.path))
            return String(error.description.dropFirst(url.path.count))
        }
    }

    @Test func badFilesAreNamed() throws {
        #expect(try refusal { _ in }.isEmpty)
        func setting(_ name: String, _ value: PickleValue) throws -> String {
            try refusal { $0.entries.append((.string(name), value)) }
        }
        func tensors(_ change: (inout [PickleDictionary.Entry]) -> Void) throws -> String {
            try refusal { root in
                guard var pair = root.entries[0].value.elements, var key = pair[0].dictionaryValue
                else { return }
                change(&key.entries)
                pair[0] = .dictionary(key)
                root.entries[0].value = .tuple(pair)
            }
        }
        let tensor = PickleValue.tensor(StoredTensor(Tensor.ones([3])))

        #expect(try refusal { $0.entries = [] }.contains("holds no hypernetwork"))
        #expect(
            try refusal { $0.entries[0].value = .int(1) }
                == " is no hypernetwork of A1111, or is damaged: 4 should be a pair of networks, "
                + "for keys and values.")
        #expect(try refusal { $0.entries[0].key = .int(-4) }.contains("width is -4"))
        #expect(try refusal { $0.entries[0].key = .int(.max) }.contains("1 to 1000000"))
        #expect(
            try refusal { $0.entries[0].key = .int(6) }.contains(
                "6.key.linear.0.weight has the shape [8, 4], and its layer structure needs [12, 6]")
        )
        #expect(try setting("step", .string("many")).contains("step should be a whole number"))
        #expect(try setting("layer_structure", .list([.none])).contains("a list of numbers"))
        #expect(try setting("layer_structure", .list([.int(1)])).contains("2 to 64 numbers"))
        #expect(
            try setting("layer_structure", .list([.int(1), .double(1e300), .int(1)]))
                .contains("up to 1000"))
        #expect(
            try setting("activation_func", .string("prelu"))
                .hasPrefix(": the hypernetwork's activation function is \"prelu\"; it must be one"))
        #expect(
            try setting("is_layer_norm", .bool(true)).contains(
                "4.key.linear.1.weight has the shape [4, 8], and its layer structure needs [8]"))
        #expect(
            try setting("activation_func", .string("relu")).contains("lacks 4.key.linear.2.weight"))
        #expect(
            try setting("dropout_structure", .list([.int(0)])).contains("3 numbers long"))
        #expect(
            try tensors { $0.append((.string("linear.7.bias"), tensor)) }
                .contains("holds 4.key.linear.7.bias, which its layer structure has no place for"))
        #expect(try tensors { $0.removeLast() }.contains("lacks 4.key.linear.1."))
        #expect(try tensors { $0[0].value = .int(1) }.contains("4.key should be weights"))
        let half = try setting("activation_func", .string("None"))
        #expect(half.contains("it must be one of linear, relu"))
    }

    @Test func filesOfOtherKindsAreRefused() throws {
        let url = temporary()
        defer { try? FileManager.default.removeItem(at: url) }
        try Data("not a hypernetwork".utf8).write(to: url)
        #expect(throws: PyTorchArchiveError.self) { try HypernetworkFile.read(url) }
        try PyTorchArchive.write(.list([.int(1)]), to: url)
        #expect(throws: HypernetworkError.noNetworks(file: url.path)) {
            try HypernetworkFile.read(url)
        }
        #expect(throws: PyTorchArchiveError.self) {
            try HypernetworkFile.read(Fixture.url("hypernetworks/absent.pt"))
        }
    }
}
