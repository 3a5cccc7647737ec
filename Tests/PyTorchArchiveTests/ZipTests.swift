import Foundation
import PyTorchArchive
import TestSupport
import Testing
import Torch

/// Zips that lie about what is where.
@Suite struct ZipTests {
    private static let pickle = Forge.Entry(name: "x/data.pkl", data: Data("N.".utf8))

    private func refusal(_ entries: [Forge.Entry]) throws -> String {
        try PyTorchArchiveTests.refusal(Forge.zip(entries))
    }

    @Test func aWholeOneOpens() throws {
        let scratch = try Scratch(Forge.zip([Self.pickle]))
        #expect(try PyTorchArchive(scratch.url).value.summary == "None")
    }

    @Test func compressedOrEncrypted() throws {
        var entry = Forge.Entry(name: "x/data/0", data: Data(count: 9), method: 8)
        #expect(try refusal([Self.pickle, entry]).contains("compressed zip entry x/data/0"))
        (entry.method, entry.flags) = (0, 1)
        #expect(try refusal([Self.pickle, entry]).contains("encrypted or patched"))
    }

    @Test func twoOfOneName() throws {
        #expect(try refusal([Self.pickle, Self.pickle]).contains("x/data.pkl twice"))
        let other = Forge.Entry(name: "y/data.pkl", data: Data("N.".utf8))
        #expect(try refusal([Self.pickle, other]).contains("2 entries NAME/data.pkl"))
        #expect(try refusal([]).contains("begins neither"))
    }

    @Test func entriesThatOverlap() throws {
        var entry = Forge.Entry(name: "x/data/0", data: Data(count: 9))
        (entry.localName, entry.claimedOffset) = ("x/data.pkl", 0)
        #expect(try refusal([Self.pickle, entry]).contains("two places that differ"))
        // A whole zip inside the data of another's entry.
        let inner = Forge.zip([Forge.Entry(name: "x/b", data: Data(count: 4))])
        let outer = Forge.Entry(name: "x/a", data: inner)
        let place = UInt32(Forge.zip([outer]).range(of: inner)?.lowerBound ?? 0)
        let second = Forge.Entry(name: "x/b", data: Data(count: 4), claimedOffset: place)
        #expect(try refusal([outer, Self.pickle, second]).contains("overlap"))
    }

    @Test func sizesAndPlacesThatLie() throws {
        for size: UInt32 in [3, 1000, 0x7FFF_FFFF, 0xFFFF_FFFE, 0xFFFF_FFFF] {
            var entry = Self.pickle
            entry.claimedSize = size
            _ = try refusal([entry])
        }
        for place: UInt32 in [1, 40, 10_000, 0xFFFF_FFFE, 0xFFFF_FFFF] {
            var entry = Self.pickle
            entry.claimedOffset = place
            _ = try refusal([entry])
        }
        for count: UInt16 in [0, 2, 0xFFFE, 0xFFFF] {
            _ = try PyTorchArchiveTests.refusal(Forge.zip([Self.pickle], claimedCount: count))
        }
    }

    @Test func otherKindsOfFile() throws {
        let order = Forge.Entry(name: "x/byteorder", data: Data("big".utf8))
        #expect(try refusal([Self.pickle, order]).contains("big-endian"))
        let program = Forge.Entry(name: "x/constants.pkl", data: Data("N.".utf8))
        #expect(try refusal([Self.pickle, program]).contains("TorchScript"))
        #expect(try PyTorchArchiveTests.refusal(Data()).contains("is empty"))
        #expect(try PyTorchArchiveTests.refusal(Data("<html>".utf8)).contains("begins neither"))
        #expect(try PyTorchArchiveTests.refusal(Data([0x80, 2, 0x4E, 0x2E])).contains("neither"))
        #expect(throws: PyTorchArchiveError.self) { try PyTorchArchive(Fixture.url("archive")) }
        #expect(throws: PyTorchArchiveError.self) { try PyTorchArchive(Fixture.url("absent.pt")) }
    }

    /// Sizes and places above 4 GB stand in zip64 fields; the file is a hole on the disk.
    @Test func moreThanFourGigabytes() throws {
        let (count, wide) = (UInt64(UInt32.max) + 20, UInt32.max)
        func header(_ signature: UInt32, _ name: String, _ size: UInt32, _ extra: Data) -> Data {
            var bytes = Forge.little(signature)
            bytes += Data(count: signature == 0x0201_4B50 ? 16 : 14)
            bytes += Forge.words(size, size)
            bytes += Forge.words(UInt16(name.utf8.count), UInt16(extra.count))
            return bytes
        }
        let storage = Data("x/data/0".utf8)
        let name = Data("x/data.pkl".utf8)
        let tensor = Forge.tensor(
            count: "\(count)", offset: "\(count - 4)", shape: ["4"], storage: "ByteStorage")
        let pickle = Data((tensor + ".").utf8)
        let sizes = Forge.words(UInt16(1), UInt16(16)) + Forge.words(count, count)

        let first = header(0x0403_4B50, "x/data/0", wide, sizes) + storage + sizes
        let place = UInt64(first.count) + count
        let pickleSize = UInt32(pickle.count)
        let second = header(0x0403_4B50, "x/data.pkl", pickleSize, Data()) + name + pickle
        let directory = place + UInt64(second.count)

        let far = Forge.words(UInt16(1), UInt16(8)) + Forge.little(place)
        var central = header(0x0201_4B50, "x/data/0", wide, sizes)
        central += Data(count: 14) + storage + sizes
        central += header(0x0201_4B50, "x/data.pkl", pickleSize, far)
        central += Data(count: 10) + Forge.little(wide) + name + far

        var end = Forge.little(UInt32(0x0606_4B50)) + Forge.little(UInt64(44)) + Data(count: 12)
        end += Forge.words(UInt64(2), UInt64(2), UInt64(central.count), directory)
        end += Forge.words(UInt32(0x0706_4B50), UInt32(0))
        end += Forge.little(directory + UInt64(central.count))
        end += Forge.words(UInt32(1), UInt32(0x0605_4B50), UInt32(0))
        end += Forge.words(UInt16(2), UInt16(2))
        end += Forge.words(UInt32(central.count), wide)
        end += Data(count: 2)

        let scratch = try Scratch(first)
        let file = try FileHandle(forWritingTo: scratch.url)
        try file.seek(toOffset: place - 4)
        try file.write(contentsOf: Data([1, 2, 3, 4]))
        try file.write(contentsOf: second)
        try file.write(contentsOf: central)
        try file.write(contentsOf: end)
        try file.close()
        let found = try PyTorchArchive(scratch.url).value.tensorValue?.tensor()
        #expect(found?.unsignedBytes() == [1, 2, 3, 4])
    }

    /// Without any byte at its end a file is refused, whichever the format.
    @Test(arguments: ["embedding.pt", "dtypes.legacy.pt"])
    func cutAtEveryByte(name: String) throws {
        let whole = try Data(contentsOf: Fixture.url("archive/\(name)"))
        let scratch = try Scratch()
        #expect(try exhaust(whole, at: scratch.url, skippingUnknownObjects: true))
        for count in 0..<whole.count {
            let opened = try exhaust(
                whole.prefix(count), at: scratch.url, skippingUnknownObjects: true)
            #expect(!opened, "\(name) opened with \(count) of \(whole.count) bytes")
        }
    }
}
