import Foundation

/// A little-endian TIFF file of one picture, its pixels as they are given.
struct SmallTIFF {
    var width = 24
    var height = 16
    var channels = 3
    var bits = 8
    /// 1: unsigned, 2: signed, 3: floating point.
    var sampleFormat = 1
    /// 2 is RGB, 1 is grey, 32803 a colour filter array.
    var photometric = 2
    /// Tags of their own, each with one 32-bit value.
    var more: [(tag: Int, value: Int)] = []
    var pixels = Data()

    var data: Data {
        let tags = 10 + more.count
        let extra = 8 + 2 + 12 * tags + 4
        var entries: [(tag: Int, type: Int, count: Int, value: Int)] = [
            (256, 3, 1, width), (257, 3, 1, height),
            (258, 3, channels, channels == 1 ? bits : extra), (259, 3, 1, 1),
            (262, 3, 1, photometric), (273, 4, 1, extra + 32), (277, 3, 1, channels),
            (278, 3, 1, height), (279, 4, 1, pixels.count),
            (339, 3, channels, channels == 1 ? sampleFormat : extra + 16),
        ]
        entries += more.map { ($0.tag, 4, 1, $0.value) }
        entries.sort { $0.tag < $1.tag }
        var result = Data([0x49, 0x49, 42, 0]) + number(8, 4) + number(entries.count, 2)
        for entry in entries {
            result += number(entry.tag, 2) + number(entry.type, 2) + number(entry.count, 4)
            result += number(entry.value, 4)
        }
        result += number(0, 4)
        for value in [bits, sampleFormat] { for _ in 0..<8 { result += number(value, 2) } }
        return result + pixels
    }

    private func number(_ value: Int, _ count: Int) -> Data {
        Data((0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
    }
}
