import Foundation
import Imaging
import Testing

@Suite("Reading photos")
struct PhotoReaderTests {
    /// Red, green / blue, yellow quadrants of 32 x 24, as the fixtures' generator paints them.
    private static let corners = [
        RGB(200, 30, 30), RGB(30, 160, 40), RGB(30, 40, 180), RGB(220, 200, 30),
    ]

    private func cornerIndices(_ image: PixelImage, tolerance: Int = 30) -> [Int?] {
        [(4, 4), (image.width - 5, 4), (4, image.height - 5), (image.width - 5, image.height - 5)]
            .map { x, y in
                let found = image[x, y]
                return Self.corners.firstIndex { corner in
                    abs(Int(corner.red) - Int(found.red)) <= tolerance
                        && abs(Int(corner.green) - Int(found.green)) <= tolerance
                        && abs(Int(corner.blue) - Int(found.blue)) <= tolerance
                }
            }
    }

    @Test(
        "Every kind is read, by content",
        arguments: [
            ("plain.jpg", ImageFormat.jpeg), ("plain.webp", .webp), ("plain.gif", .gif),
            ("plain.tiff", .tiff), ("plain.bmp", .bmp), ("palette.bmp", .bmp),
            ("palette.png", .png), ("plain.avif", .heif), ("cmyk.jpg", .jpeg),
            ("broken-profile.png", .png), ("extraneous.jpg", .jpeg), ("plain.jxl", .jpegXL),
            ("plain.jp2", .jpeg2000), ("plain.j2k", .jpeg2000),
        ])
    func kinds(name: String, format: ImageFormat) throws {
        #expect(PhotoReader.sniff(Fixtures.url(name)) == format)
        try withTemporaryFolder { folder in
            let disguised = folder.appendingPathComponent("photo.txt")
            try FileManager.default.copyItem(at: Fixtures.url(name), to: disguised)
            let image = try PhotoReader.read(disguised)
            if name == "extraneous.jpg" {
                #expect(image.width == 160 && image.height == 120)
            } else {
                #expect(image.width == 32 && image.height == 24)
                // Ink on paper has other colours; the corners still differ from each other.
                #expect(
                    cornerIndices(image, tolerance: name == "cmyk.jpg" ? 75 : 20) == [0, 1, 2, 3])
            }
        }
    }

    @Test(
        "EXIF orientation is applied",
        arguments: [
            ("orientation3.jpg", 32, [3, 2, 1, 0]), ("orientation6.jpg", 24, [2, 0, 3, 1]),
            ("orientation8.jpg", 24, [1, 3, 0, 2]), ("orientation5.jpg", 24, [0, 2, 1, 3]),
            ("orientation6.jxl", 24, [2, 0, 3, 1]),
        ])
    func orientation(name: String, width: Int, expected: [Int]) throws {
        let image = try Fixtures.image(name)
        #expect(image.width == width && image.height == 56 - width)
        #expect(cornerIndices(image) == expected)
        let size = try PhotoReader.size(Fixtures.url(name))
        #expect(size == (image.width, image.height), "the header says which way up")
    }

    @Test("An embedded profile is converted to sRGB")
    func profile() throws {
        let converted = try Fixtures.image("wide.png")
        let expected = try Fixtures.image("wide.expected.png")
        #expect(try largestDifference(converted, expected) <= 2)
        #expect(try largestDifference(converted, Fixtures.image("palette.png")) > 10)
    }

    @Test("16 bits become 8")
    func sixteenBits() throws {
        let image = try Fixtures.image("gray16.png")
        for x in 0..<16 {
            let value = UInt8(x * 17)
            #expect(image[x, 3] == RGB(value, value, value))
        }
    }

    @Test("Transparent parts lie over white")
    func alpha() throws {
        let image = try Fixtures.image("grayalpha.png")
        #expect(image[2, 2] == RGB(100, 100, 100))
        #expect(image[12, 2] == .white)
        #expect(abs(Int(image[12, 12].red) - 127) <= 1)
    }

    @Test(
        "Damage is an error that names the file",
        arguments: [
            "truncated.jpg", "corrupt.jpg", "short.jpg", "truncated.png", "flipped-bit.png",
            "lying.png",
            "truncated.webp", "truncated.gif", "truncated.tiff", "truncated.bmp", "truncated.avif",
            "truncated.jp2", "truncated.jxl",
        ])
    func damage(name: String) {
        let url = Fixtures.url(name)
        let text = sentence { try PhotoReader.read(url) }
        #expect(text.hasPrefix("\(url.path) is a damaged "), "\(text)")
        #expect(text.hasSuffix("replace it with an intact copy or take it away"))
        #expect(!text.contains("\n"))
    }

    @Test("A header that promises too many pixels is refused before decoding")
    func bomb() {
        let text = sentence { try PhotoReader.read(Fixtures.url("huge.png")) }
        #expect(text.contains("60000x60000 pixels, and at most 200 million"), "\(text)")
        #expect(
            sentence { try PhotoReader.read(Fixtures.url("plain.jpg"), pixelLimit: 700) }
                .contains("32x24"))
    }

    @Test("What is no picture is said to be none")
    func foreign() throws {
        #expect(PhotoReader.sniff(Fixtures.url("text.jpg")) == nil)
        #expect(
            sentence { try PhotoReader.read(Fixtures.url("text.jpg")) }
                .contains("is not a picture that can be read"))
        #expect(
            sentence { try PhotoReader.read(Fixtures.url("absent.jpg")) }
                .hasSuffix("absent.jpg: there is no such file"))
    }

    @Test("No cut and no changed byte of any kind crashes", arguments: 0..<8)
    func hostile(seed: UInt64) throws {
        let names = [
            "plain.jpg", "plain.webp", "plain.gif", "plain.tiff", "plain.bmp", "palette.bmp",
            "plain.avif", "orientation6.jpg", "wide.png", "cmyk.jpg", "grayalpha.png",
            "plain.jp2", "plain.j2k", "plain.jxl", "float.jxl",
        ]
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func next(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        for name in names {
            let sound = try Data(contentsOf: Fixtures.url(name))
            for _ in 0..<12 {
                var data = sound.prefix(next(4) == 0 ? next(sound.count) : sound.count)
                for _ in 0..<(1 + next(6)) where !data.isEmpty {
                    data[next(data.count)] = UInt8(next(256))
                }
                if let image = try? PhotoReader.decode(data, name: name, pixelLimit: 1_000_000) {
                    #expect(image.pixels.count == image.width * image.height * 3)
                }
            }
        }
    }

    /// The library keeps one error text for all threads: damage must be told from a harmless
    /// warning all the same, and every sentence must be about its own photo.
    @Test("Photos can be read from many threads at once")
    func threads() async throws {
        let expected = try Fixtures.image("orientation6.jpg")
        let damaged = ["truncated.jpg", "corrupt.jpg", "short.jpg", "truncated.png"]
        let sentences = damaged.map { name in
            sentence { try PhotoReader.read(Fixtures.url(name)) }
        }
        await withTaskGroup(of: String?.self) { group in
            for index in 0..<400 {
                group.addTask {
                    if index % 2 == 0 {
                        return sentence {
                            let image = try Fixtures.image("orientation6.jpg")
                            #expect(image == expected)
                        } == "no error" ? nil : "sound"
                    }
                    let which = index / 2 % damaged.count
                    let text = sentence { try PhotoReader.read(Fixtures.url(damaged[which])) }
                    return text == sentences[which] ? nil : text
                }
            }
            for await wrong in group { #expect(wrong == nil) }
        }
    }
}
