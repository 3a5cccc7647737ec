import Files
import Foundation
import Imaging
import Testing

@Suite("Writing pictures")
struct WritingTests {
    @Test("Pixels and texts come back from a PNG file")
    func png() throws {
        try withTemporaryFolder { folder in
            let source = try Fixtures.image("waves.png")
            let url = folder.appendingPathComponent("a.png")
            let texts = [
                ("parameters", "café\nSteps: 20"), ("parameters", "日本 🦆"), ("empty", ""),
            ]
            try PNGWriter.write(source, to: url, text: texts.map { ($0.0, $0.1) })
            #expect(try PhotoReader.read(url) == source)
            let read = try PNGText.read(url)
            #expect(read.map(\.keyword) == texts.map(\.0))
            #expect(read.map(\.value) == texts.map(\.1))
            #expect(try PNGText.value("parameters", of: url) == "café\nSteps: 20")
            let bytes = try Data(contentsOf: url)
            // Latin-1 text stands as tEXt in one byte a character, other text as iTXt.
            #expect(bytes.range(of: Data("tEXtparameters\0caf".utf8) + [0xE9]) != nil)
            #expect(bytes.range(of: Data("iTXtparameters\0\0\0\0\0日本".utf8)) != nil)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.png"])
        }
    }

    @Test("Texts that Pillow wrote are read, compressed ones too")
    func foreignTexts() throws {
        let texts = try PNGText.read(Fixtures.url("texts.png"))
        #expect(texts.map(\.keyword) == ["parameters", "packed", "wide", "wide packed"])
        #expect(texts.first?.value == "café, a photo")
        #expect(texts[1].value == String(repeating: "long ", count: 200))
        #expect(texts[2].value == "日本 🦆")
        #expect(texts[3].value == String(repeating: "日本 ", count: 100))
    }

    @Test("Every cut of a PNG file is an error, not a crash")
    func cuts() throws {
        let bytes = try Data(contentsOf: Fixtures.url("texts.png"))
        for count in 0..<bytes.count {
            #expect(throws: ImagingError.self) {
                try PNGText.read(bytes.prefix(count), name: "cut.png")
            }
        }
        var lying = bytes
        lying.replaceSubrange(33..<37, with: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(sentence { try PNGText.read(lying, name: "x.png") }.contains("past the end"))
    }

    @Test("A JPEG file resembles its picture")
    func jpeg() throws {
        try withTemporaryFolder { folder in
            let source = try Fixtures.image("plain.webp")
            let url = folder.appendingPathComponent("a.jpg")
            try JPEGWriter.write(source, to: url, quality: 95)
            #expect(PhotoReader.sniff(url) == .jpeg)
            let read = try PhotoReader.read(url)
            #expect(abs(Int(read[3, 3].red) - Int(source[3, 3].red)) < 8)
        }
    }

    @Test("A folder that is not there is one sentence")
    func noFolder() throws {
        let image = PixelImage(width: 2, height: 2, filledWith: .white)
        let url = URL(fileURLWithPath: "/nonexistent/folder/a.png")
        #expect(
            sentence { try PNGWriter.write(image, to: url) }
                == "cannot write /nonexistent/folder/a.png: its folder does not exist")
    }
}

@Suite("Atomic files")
struct AtomicFileTests {
    @Test("Until the commit the old file stands; dropped, nothing is left")
    func dropped() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("state.json")
            try AtomicFile.write(Data("old".utf8), to: url)
            do {
                let file = try AtomicFile(at: url)
                try file.write(Data("new, half".utf8))
                #expect(try Data(contentsOf: url) == Data("old".utf8))
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
            }
            #expect(try Data(contentsOf: url) == Data("old".utf8))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["state.json"])
            let file = try AtomicFile(at: url)
            try file.write(Data("new".utf8))
            try file.write(Data())
            try file.write(Data(" whole".utf8))
            try file.commit()
            #expect(try Data(contentsOf: url) == Data("new whole".utf8))
        }
    }

    @Test("A link at the destination keeps pointing at the file")
    func link() throws {
        try withTemporaryFolder { folder in
            let real = folder.appendingPathComponent("real")
            let link = folder.appendingPathComponent("link")
            try Data("old".utf8).write(to: real)
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: real)
            try AtomicFile.write(Data("new".utf8), to: link)
            #expect(try Data(contentsOf: real) == Data("new".utf8))
        }
    }

    @Test("A folder in the way and a full disk are one sentence each")
    func refusals() throws {
        try withTemporaryFolder { folder in
            #expect(
                sentence { try AtomicFile.write(Data([1]), to: folder) }
                    .hasSuffix("it is a folder, not a file"))
            let url = folder.appendingPathComponent("a")
            #expect(
                FileError(.write, url, errorNumber: ENOSPC).description
                    == "cannot write \(url.path): the disk is full; free some space or choose "
                    + "another folder")
            #expect(
                sentence { try WholeFile.read(URL(fileURLWithPath: "/dev/null")) }
                    == "cannot read /dev/null: it is not a regular file")
            try Data(count: 10).write(to: url)
            #expect(sentence { try WholeFile.read(url, limit: 9) }.contains("at most 9"))
            #expect(try WholeFile.prefix(url, count: 4).count == 4)
            try Folder.create(folder.appendingPathComponent("b/c/d"))
            try Folder.create(folder.appendingPathComponent("b/c/d"))
            #expect(
                sentence { try Folder.create(url.appendingPathComponent("x")) }
                    .contains("a file of that name is in the way"))
        }
    }
}
