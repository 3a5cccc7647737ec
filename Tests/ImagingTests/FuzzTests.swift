import Foundation
import Imaging
import TestSupport
import Testing

/// Damaged pictures and damaged texts in PNG give an error or values, never a crash.
///
/// With `ATTUNE_FUZZ_SECONDS` set this goes on for that long from another start each time; the
/// seed is printed, and `ATTUNE_FUZZ_SEED` repeats a run.
@Suite struct PictureFuzzTests {
    private static let names = [
        "plain.jpg", "plain.webp", "plain.gif", "plain.tiff", "plain.bmp", "palette.bmp",
        "plain.avif", "orientation6.jpg", "wide.png", "cmyk.jpg", "grayalpha.png", "plain.jp2",
        "plain.j2k", "plain.jxl", "orientation6.jxl", "texts.png",
    ]

    private static func corpus() throws -> [Data] {
        var files = try names.map { try Data(contentsOf: Fixtures.url($0)) }
        files.append(
            SmallTIFF(more: [(330, 8), (50706, 1)], pixels: Data(count: 24 * 16 * 3)).data)
        return files
    }

    private static func open(_ bytes: Data) {
        _ = try? PhotoReader.decode(bytes, name: "fuzz", pixelLimit: 1_000_000)
        _ = try? PNGText.read(bytes, name: "fuzz")
        if let texts = try? PNGText.read(bytes, name: "fuzz") {
            for text in texts { _ = GenerationParameters(infotext: text.value) }
        }
    }

    /// The chunks of a PNG after damage to their texts, with checksums that are right.
    private static func withTexts(_ file: Data, _ dice: inout Dice) -> Data {
        var bytes = file
        Mutation.apply(&bytes, [file], &dice)
        let header = file.prefix(33)
        let kinds = ["tEXt", "zTXt", "iTXt"]
        let kind = Data(kinds[Int.random(in: 0..<3, using: &dice)].utf8)
        let body = kind + bytes.dropFirst(33).prefix(200)
        var result = header
        for content in [body, Data("IEND".utf8)] {
            let length = UInt32(content.count - 4)
            result += withUnsafeBytes(of: length.bigEndian) { Data($0) } + content
            result += withUnsafeBytes(of: crc(content).bigEndian) { Data($0) }
        }
        return result
    }

    private static func crc(_ bytes: Data) -> UInt32 {
        ~bytes.reduce(UInt32.max) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in
                value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1
            }
        }
    }

    @Test func aFewHundred() throws {
        let files = try Self.corpus()
        var dice = Dice(state: 5)
        for turn in 0..<100 {
            var bytes = files[turn % files.count]
            Mutation.apply(&bytes, files, &dice)
            Self.open(bytes)
            Self.open(Self.withTexts(files[15], &dice))
        }
    }

    @Test(.enabled(if: Mutation.seconds != nil, "only `make fuzz` sets ATTUNE_FUZZ_SECONDS"))
    func forAsLongAsAsked() throws {
        let files = try Self.corpus()
        let count = Mutation.forAsLongAsAsked { dice in
            var bytes = files[Int.random(in: 0..<files.count, using: &dice)]
            for _ in 0..<Int.random(in: 1...8, using: &dice) {
                Mutation.apply(&bytes, files, &dice)
            }
            Self.open(bytes)
            Self.open(Self.withTexts(files[15], &dice))
        }
        print("\(count) damaged pictures were read or refused")
    }
}
