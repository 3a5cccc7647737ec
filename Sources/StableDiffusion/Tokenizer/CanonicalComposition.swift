import Foundation

/// Unicode's normal form C, scalar by scalar.
///
/// Foundation's own takes neighbours of the modern Hangul letters for letters (U+1113, U+1176) and
/// composes scalars beyond U+FFFF by their low half (U+E014C with U+0301), so only its canonical
/// decomposition of single scalars is used. The algorithm is that of UAX #15.
enum CanonicalComposition {
    private struct Pair: Hashable {
        var first: Unicode.Scalar
        var second: Unicode.Scalar
    }

    /// What two scalars make together. Every composite lies in these two ranges; Hangul is
    /// arithmetic.
    private static let composites: [Pair: Unicode.Scalar] = {
        var whole: [[Unicode.Scalar]: Unicode.Scalar] = [:]
        for value in Array(UInt32(0xC0)..<0x3100) + Array(UInt32(0x11000)..<0x12000) {
            guard let scalar = Unicode.Scalar(value),
                !scalar.properties.isFullCompositionExclusion
            else { continue }
            let parts = decomposition(of: scalar)
            if parts.count > 1 { whole[parts] = scalar }
        }
        var pairs: [Pair: Unicode.Scalar] = [:]
        for (parts, composite) in whole {
            // A composite of three is made of the composite of its first two and the third.
            let head = parts.count == 2 ? parts[0] : whole[Array(parts.dropLast())]
            if let head, let last = parts.last {
                pairs[Pair(first: head, second: last)] = composite
            }
        }
        return pairs
    }()

    /// The normal form of a text.
    static func composed(_ scalars: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
        var output: [Unicode.Scalar] = []
        var starter: Int?
        var lastClass: UInt8 = 0
        for (scalar, combiningClass) in ordered(scalars) {
            // A mark is kept from its starter by one before it of the same or a higher class.
            let adjacent = starter.map { $0 == output.count - 1 } ?? false
            if let starter, adjacent || lastClass < combiningClass, adjacent || lastClass != 0,
                let joined = composite(output[starter], scalar)
            {
                output[starter] = joined
                continue
            }
            if combiningClass == 0 { starter = output.count }
            lastClass = combiningClass
            output.append(scalar)
        }
        return output
    }

    /// The canonical decomposition, its marks in canonical order.
    private static func ordered(
        _ scalars: some Sequence<Unicode.Scalar>
    ) -> [(scalar: Unicode.Scalar, combiningClass: UInt8)] {
        var output: [(scalar: Unicode.Scalar, combiningClass: UInt8)] = []
        for scalar in scalars.lazy.flatMap({ decomposition(of: $0) }) {
            let combiningClass = scalar.properties.canonicalCombiningClass.rawValue
            var place = output.count
            if combiningClass != 0 {
                while place > 0, output[place - 1].combiningClass > combiningClass { place -= 1 }
            }
            output.insert((scalar, combiningClass), at: place)
        }
        return output
    }

    private static func decomposition(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        if scalar.value < 0xC0 { return [scalar] }
        return Array(
            String(Character(scalar)).decomposedStringWithCanonicalMapping.unicodeScalars)
    }

    private static func composite(
        _ first: Unicode.Scalar, _ second: Unicode.Scalar
    ) -> Unicode.Scalar? {
        switch (first.value, second.value) {
        case (0x1100...0x1112, 0x1161...0x1175):
            Unicode.Scalar(
                0xAC00 + ((first.value - 0x1100) * 21 + (second.value - 0x1161)) * 28)
        case (0xAC00...0xD7A3, 0x11A8...0x11C2)
        where (first.value - 0xAC00).isMultiple(of: 28):
            Unicode.Scalar(first.value + (second.value - 0x11A7))
        default: composites[Pair(first: first, second: second)]
        }
    }
}
