/// The 256 printable characters that stand for bytes in a byte-level vocabulary, so that no token
/// holds a space or a control character.
///
/// The mapping is that of GPT-2's and CLIP's `bytes_to_unicode`.
enum ByteAlphabet {
    /// The character of each byte, by the byte's value.
    static let scalars: [Unicode.Scalar] = {
        var table = [Unicode.Scalar?](repeating: nil, count: 256)
        for byte in printableBytes { table[Int(byte)] = Unicode.Scalar(byte) }
        var next: UInt32 = 256
        for byte in table.indices where table[byte] == nil {
            table[byte] = Unicode.Scalar(next)
            next += 1
        }
        return table.compactMap { $0 }
    }()

    /// The bytes in the order in which CLIP numbers them: the printable ones first.
    static let vocabularyOrder: [UInt8] =
        printableBytes + (UInt8.min...UInt8.max).filter { !Set(printableBytes).contains($0) }

    /// The byte of each character.
    static let bytes: [Unicode.Scalar: UInt8] = Dictionary(
        uniqueKeysWithValues: zip(scalars, UInt8.min...UInt8.max))

    private static let printableBytes: [UInt8] =
        Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)

    /// The one-character symbol of a byte.
    static func symbol(of byte: UInt8) -> String { String(Character(scalars[Int(byte)])) }
}
