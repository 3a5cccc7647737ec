import Foundation
import Imaging
import Testing

@Suite("Photo folders")
struct PhotoFolderTests {
    private func copy(_ name: String, to folder: URL, as newName: String) throws {
        try FileManager.default.copyItem(
            at: Fixtures.url(name), to: folder.appendingPathComponent(newName))
    }

    @Test("Photos come in natural order, and stray files are listed with a reason")
    func strays() throws {
        try withTemporaryFolder { folder in
            try copy("plain.jpg", to: folder, as: "10.jpg")
            try copy("plain.webp", to: folder, as: "2.jpg")
            try copy("plain.gif", to: folder, as: "1")
            try copy("text.jpg", to: folder, as: "3.jpg")
            try copy("text.jpg", to: folder, as: "2.txt")
            try Data([0, 0, 0, 1, 66, 117, 100, 49]).write(
                to: folder.appendingPathComponent(".DS_Store"))
            try Data([0xD0, 0xCF, 0x11, 0xE0]).write(to: folder.appendingPathComponent("Thumbs.db"))
            try Data().write(to: folder.appendingPathComponent("empty.png"))
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent("more"), withIntermediateDirectories: false)
            let scan = try PhotoFolder.scan(folder, minimumSide: 16)
            #expect(scan.photos.map(\.lastPathComponent) == ["1", "2.jpg", "10.jpg"])
            #expect(scan.entries.map(\.format) == [.gif, .webp, .jpeg])
            let reasons = Dictionary(
                uniqueKeysWithValues: scan.skipped.map { ($0.name, $0.reason) })
            #expect(
                reasons == [
                    "3.jpg": "text, whatever its name says", "2.txt": "text",
                    ".DS_Store": "a hidden file", "Thumbs.db": "not a picture",
                    "empty.png": "an empty file", "more": "a folder",
                ])
        }
    }

    @Test("A damaged photo is named, whether or not its header is sound")
    func damaged() throws {
        try withTemporaryFolder { folder in
            try copy("plain.jpg", to: folder, as: "a.jpg")
            try copy("truncated.jpg", to: folder, as: "b.jpg")
            let text = sentence { try PhotoFolder.scan(folder, minimumSide: 16) }
            #expect(text.contains("b.jpg is a damaged JPEG picture"), "\(text)")
            #expect(
                try PhotoFolder.scan(folder, minimumSide: 16, decoding: false).photos.count == 2)
        }
    }

    @Test("A small photo is named with its size")
    func small() throws {
        try withTemporaryFolder { folder in
            try copy("orientation6.jpg", to: folder, as: "a.jpg")
            let text = sentence { try PhotoFolder.scan(folder) }
            #expect(text.contains("a.jpg is 24x32 pixels, and both sides must have at least 64"))
        }
    }

    @Test("Folders that are absent, empty, or no folders")
    func noFolder() throws {
        try withTemporaryFolder { folder in
            #expect(
                sentence { try PhotoFolder.scan(folder.appendingPathComponent("x")) }
                    .hasPrefix("there is no folder"))
            #expect(sentence { try PhotoFolder.scan(folder) }.contains("it is empty"))
            try copy("text.jpg", to: folder, as: "a.jpg")
            #expect(
                sentence { try PhotoFolder.scan(folder) }
                    .contains("the one entry in it is not a picture"))
            #expect(
                sentence { try PhotoFolder.scan(folder.appendingPathComponent("a.jpg")) }
                    .contains("is a file, not a folder"))
        }
    }
}
