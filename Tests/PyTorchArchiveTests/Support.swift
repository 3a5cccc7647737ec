import Foundation
import PyTorchArchive
import TestSupport
import Testing
import Torch

/// A file that is there for one test.
final class Scratch {
    let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).pt")

    init(_ bytes: Data? = nil) throws { try bytes?.write(to: url) }

    deinit { try? FileManager.default.removeItem(at: url) }
}

/// The fixture of this name.
func archive(_ name: String) throws -> PyTorchArchive {
    try PyTorchArchive(Fixture.url("archive/\(name)"))
}

/// What the reader says to these bytes, which it must refuse.
func refusal(_ bytes: Data, skippingUnknownObjects: Bool = false) throws -> String {
    let scratch = try Scratch(bytes)
    do {
        let archive = try PyTorchArchive(
            scratch.url, skippingUnknownObjects: skippingUnknownObjects)
        Issue.record("opened: \(archive.value.summary)")
        return ""
    } catch {
        #expect("\(error)".contains(scratch.url.path), "no file name in: \(error)")
        #expect(!"\(error)".contains("\n"))
        return "\(error)"
    }
}

/// Reads everything in these bytes, or fails in a sentence; returns whether it could be read.
@discardableResult
func exhaust(_ bytes: Data, at url: URL, skippingUnknownObjects: Bool) throws -> Bool {
    try bytes.write(to: url)
    do {
        let archive = try PyTorchArchive(url, skippingUnknownObjects: skippingUnknownObjects)
        archive.value.forEachTensor { tensor in
            let made = tensor.tensor()
            #expect(made.shape == tensor.shape && made.dtype == tensor.dtype)
            #expect(made.rawBytes().count == tensor.byteCount)
        }
        _ = try? archive.tensors()
        return true
    } catch {
        #expect("\(error)".hasSuffix("."))
        return false
    }
}

extension PickleValue {
    func forEachTensor(_ body: (StoredTensor) -> Void) {
        switch self {
        case .tensor(let tensor): body(tensor)
        case .list(let items), .tuple(let items): for item in items { item.forEachTensor(body) }
        case .dictionary(let dictionary):
            for entry in dictionary.entries {
                entry.key.forEachTensor(body)
                entry.value.forEachTensor(body)
            }
        default: break
        }
    }

    /// As Python would print it, tensors by dtype and shape.
    var summary: String {
        func joined(_ items: [PickleValue]) -> String {
            items.map(\.summary).joined(separator: ", ")
        }
        return switch self {
        case .none: "None"
        case .bool(let flag): flag ? "True" : "False"
        case .int(let number): "\(number)"
        case .double(let number): "\(number)"
        case .string(let text): "'\(text)'"
        case .bytes(let bytes): "b\(bytes)"
        case .list(let items): "[\(joined(items))]"
        case .tuple(let items): "(\(joined(items)))"
        case .dictionary(let dictionary):
            (dictionary.isOrdered ? "ordered" : "") + "{"
                + dictionary.entries.map { "\($0.key.summary): \($0.value.summary)" }
                .joined(separator: ", ") + "}"
        case .tensor(let tensor): "\(tensor.dtype)\(tensor.shape)"
        case .opaque(let name): "<\(name)>"
        }
    }
}

/// Pickles and zips by hand, lies included.
enum Forge {
    struct Entry {
        var name: String
        var data: Data
        var method: UInt16 = 0
        var flags: UInt16 = 0
        var localName: String?
        var claimedSize: UInt32?
        /// The place of the header that the directory names, where it is not the true one.
        var claimedOffset: UInt32?
    }

    static func little(_ value: some FixedWidthInteger) -> Data {
        withUnsafeBytes(of: value.littleEndian) { Data($0) }
    }

    static func words<Word: FixedWidthInteger>(_ values: Word...) -> Data {
        values.reduce(into: Data()) { $0 += little($1) }
    }

    static func zip(_ entries: [Entry], claimedCount: UInt16? = nil) -> Data {
        var (file, directory) = (Data(), Data())
        for entry in entries {
            let size = entry.claimedSize ?? UInt32(entry.data.count)
            func fields(_ name: String) -> Data {
                var bytes = words(20, entry.flags, entry.method)
                bytes += Data(count: 8) + words(size, size)
                return bytes + little(UInt16(name.utf8.count))
            }
            directory += little(UInt32(0x0201_4B50)) + words(UInt16(20)) + fields(entry.name)
            directory += Data(count: 12) + little(entry.claimedOffset ?? UInt32(file.count))
            directory += Data(entry.name.utf8)
            let local = entry.localName ?? entry.name
            file += little(UInt32(0x0403_4B50)) + fields(local) + Data(count: 2)
            file += Data(local.utf8) + entry.data
        }
        let count = claimedCount ?? UInt16(entries.count)
        var end = words(UInt32(0x0605_4B50), 0) + words(count, count)
        end += words(UInt32(directory.count), UInt32(file.count)) + Data(count: 2)
        return file + directory + end
    }

    /// A file of PyTorch with this pickle, to which the end is added, and one storage.
    static func file(_ pickle: Data, storage: Data = Data(count: 16)) -> Data {
        zip([
            Entry(name: "x/data.pkl", data: pickle + Data(".".utf8)),
            Entry(name: "x/data/0", data: storage),
        ])
    }

    static func file(_ pickle: String, storage: Data = Data(count: 16)) -> Data {
        file(Data(pickle.utf8), storage: storage)
    }

    /// A tensor of the storage, its numbers as pickles of protocol 0 have them.
    static func tensor(
        count: String = "4", offset: String = "0", shape: [String] = ["4"],
        strides: [String] = ["1"], storage: String = "FloatStorage", key: String = "0"
    ) -> String {
        func numbers(_ texts: [String]) -> String {
            "(" + texts.map { "I\($0)\n" }.joined() + "t"
        }
        return "ctorch._utils\n_rebuild_tensor_v2\n((Vstorage\nctorch\n\(storage)\nV\(key)\nVcpu\n"
            + "I\(count)\ntQI\(offset)\n\(numbers(shape))\(numbers(strides))I00\n"
            + "ccollections\nOrderedDict\n(tRtR"
    }
}
