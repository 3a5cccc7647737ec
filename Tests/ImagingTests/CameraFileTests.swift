import Files
import Foundation
import Imaging
import Testing

/// Files that are pictures only at first sight, and pictures whose numbers say nothing of white.
@Suite struct CameraFileTests {
    private func write(_ data: Data, _ name: String, in folder: URL) throws {
        try data.write(to: folder.appendingPathComponent(name))
    }

    /// As cameras write them: a small picture first, which every reader of TIFF opens.
    private func thumbnail(_ more: [(tag: Int, value: Int)] = []) -> Data {
        SmallTIFF(more: more, pixels: Data(repeating: 90, count: 24 * 16 * 3)).data
    }

    @Test func rawFilesAreNamedAndNotTakenForTheirThumbnail() throws {
        try withTemporaryFolder { folder in
            let plain = thumbnail()
            try write(plain, "scan.tif", in: folder)
            #expect(try PhotoFolder.scan(folder, minimumSide: 16).photos.count == 1)
            var sensor = SmallTIFF(channels: 1, bits: 16, photometric: 32803)
            sensor.pixels = Data(repeating: 90, count: 24 * 16 * 2)
            // The small picture first; the sensor's counts are in a directory within.
            var nested = thumbnail([(330, 100_000)])
            nested += Data(count: 100_000 - nested.count)
            nested += sensor.data[8..<(8 + 2 + 12 * 10 + 4)]
            var canon = plain
            canon.replaceSubrange(8..<10, with: Data("CR".utf8))
            let raws: [(String, Data, String)] = [
                ("a.tif", thumbnail([(50706, 1)]), "DNG"),
                ("b.nef", plain, "Nikon NEF"),
                ("c.ARW", plain, "Sony ARW"),
                ("d.cr2", canon, "Canon CR2"),
                ("e.tiff", sensor.data, "its pixels are a sensor's counts"),
                ("f.dat", nested, "its pixels are a sensor's counts"),
                ("g.raf", Data("FUJIFILMCCD-RAW 0201".utf8), "Fujifilm RAF"),
                ("h.cr3", Data([0, 0, 0, 24]) + Data("ftypcrx ".utf8), "Canon CR3"),
                ("i.orf", Data("IIRO".utf8) + Data(count: 20), "Olympus ORF"),
                ("j.rw2", Data("IIU\0".utf8) + Data(count: 20), "Panasonic RW2"),
            ]
            for (name, data, kind) in raws {
                try write(data, name, in: folder)
                let file = folder.appendingPathComponent(name)
                let text = sentence { try PhotoFolder.scan(folder, minimumSide: 16) }
                #expect(
                    text.hasPrefix("\(file.path) is a raw file of a camera (\(kind))"), "\(text)")
                #expect(sentence { try PhotoReader.read(file) } == text)
                let listed = try PhotoFolder.scan(
                    folder, minimumSide: 16, toleratesFailures: true)
                #expect(listed.refused.map(\.url.lastPathComponent) == [name])
                // Beside the photo that was made of it, it is only left out.
                let stem = (name as NSString).deletingPathExtension
                try write(plain, "\(stem).tif.png", in: folder)
                try FileManager.default.moveItem(
                    at: folder.appendingPathComponent("\(stem).tif.png"),
                    to: folder.appendingPathComponent("\(stem).png"))
                let scan = try PhotoFolder.scan(folder, minimumSide: 16)
                #expect(scan.photos.map(\.lastPathComponent) == ["\(stem).png", "scan.tif"])
                #expect(
                    scan.skipped.map(\.reason) == [
                        "a raw file of a camera (\(kind)); \(stem).png is taken"
                    ])
                try FileManager.default.removeItem(at: file)
                try FileManager.default.removeItem(
                    at: folder.appendingPathComponent("\(stem).png"))
            }
        }
    }

    @Test func numbersWithoutAWhiteAreRefused() throws {
        try withTemporaryFolder { folder in
            let kinds: [(Int, Int, Int, String)] = [
                (32, 3, 3, "floating-point numbers"), (32, 3, 1, "floating-point numbers"),
                (16, 3, 3, "floating-point numbers"), (64, 3, 3, "floating-point numbers"),
                (32, 1, 3, "32-bit numbers"), (16, 2, 3, "signed numbers"),
            ]
            for (bits, format, channels, words) in kinds {
                let tiff = SmallTIFF(
                    channels: channels, bits: bits, sampleFormat: format,
                    photometric: channels == 1 ? 1 : 2,
                    pixels: Data(count: 24 * 16 * channels * bits / 8))
                try write(tiff.data, "a.tif", in: folder)
                let text = sentence { try PhotoFolder.scan(folder, minimumSide: 16) }
                #expect(text.contains("/a.tif is a TIFF picture of \(words), which"), "\(text)")
            }
            let text = sentence { try PhotoReader.read(Fixtures.url("float.jxl")) }
            #expect(text.contains("is a JPEG XL picture of floating-point numbers"), "\(text)")
        }
    }

    @Test func sixteenBitsOfATIFFStayWhole() throws {
        var pixels = Data()
        for index in 0..<(24 * 16) { pixels += Data([0, UInt8(index % 24 * 11)]) }
        let tiff = SmallTIFF(channels: 1, bits: 16, photometric: 1, pixels: pixels)
        let image = try PhotoReader.decode(tiff.data, name: "a.tif")
        #expect((0..<24).allSatisfy { Int(image[$0, 3].red) == $0 * 11 })
    }

    @Test func otherPicturesAreToldByName() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.copyItem(
                at: Fixtures.url("plain.jpg"), to: folder.appendingPathComponent("a.jpg"))
            try write(Data("8BPS\0\u{1}".utf8), "a.psd", in: folder)
            try write(Data("#?RADIANCE\n".utf8), "sky.hdr", in: folder)
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent("more"), withIntermediateDirectories: false)
            try FileManager.default.copyItem(
                at: Fixtures.url("plain.jpg"), to: folder.appendingPathComponent("more/b.jpg"))
            let scan = try PhotoFolder.scan(folder, minimumSide: 16)
            #expect(
                scan.skipped.map { "\($0.name): \($0.reason)" } == [
                    "a.psd: a Photoshop file, which is not read: save it as PNG or JPEG",
                    "more: a folder with 1 picture(s), not looked into",
                    "sky.hdr: a Radiance HDR picture, which is not read: save it as PNG or JPEG",
                ])
            #expect(
                sentence { try PhotoReader.read(folder.appendingPathComponent("a.psd")) }
                    .contains("a.psd is a Photoshop file, which is not read"))
        }
    }

    /// Linux' file names are bytes; `\xE9` is é in the encoding of old Windows programs.
    @Test func namesThatAreNoTextAreRead() throws {
        try withTemporaryFolder { folder in
            let sound = try Data(contentsOf: Fixtures.url("plain.jpg"))
            try write(sound, "b%41.jpg", in: folder)
            let names: [[UInt8]] = [
                Array("caf".utf8) + [0xE9] + Array(" 1%.jpg".utf8), [0xFF, 0xFE],
            ]
            for name in names {
                let file = folder.appending(nameBytes: name)
                let descriptor = file.withPathBytes { open($0, O_CREAT | O_WRONLY, 0o666) }
                guard descriptor >= 0 else { return }  // A file system that wants text.
                let count = sound.withUnsafeBytes {
                    Foundation.write(descriptor, $0.baseAddress, $0.count)
                }
                #expect(count == sound.count)
                close(descriptor)
            }
            let scan = try PhotoFolder.scan(folder, minimumSide: 16)
            #expect(scan.entries.map(\.name) == ["\\xFF\\xFE", "b%41.jpg", "caf\\xE9 1%.jpg"])
            #expect(scan.skipped.isEmpty)
            let file = try #require(scan.photos.last)
            #expect(file.readablePath == "\(folder.path)/caf\\xE9 1%.jpg")
            #expect(file.readableStem == "caf\\xE9 1%")
            #expect(try PhotoReader.read(file).width == 32)
            #expect(unlink(file.path) != 0 && file.withPathBytes { unlink($0) } == 0)
            #expect(
                sentence { try PhotoReader.read(file) }
                    == "cannot read \(folder.path)/caf\\xE9 1%.jpg: there is no such file")
        }
    }
}
