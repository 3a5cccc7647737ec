import Foundation

/// The instructions of old pickles whose operands are lines of text.
enum PickleText {
    static func node(
        _ opcode: PickleOpcode, _ line: UnsafeRawBufferPointer
    ) throws(Fault) -> PickleNode {
        let text = String(decoding: line, as: UTF8.self)
        switch opcode {
        case .int where text == "00": return .bool(false)
        case .int where text == "01": return .bool(true)
        case .int, .long:
            let digits = opcode == .long && text.hasSuffix("L") ? text.dropLast() : text[...]
            guard let number = Int(digits) else { break }
            return .integer(number)
        case .float:
            guard text.utf8.count <= 400, let number = Double(text) else { break }
            return .double(number)
        case .string:
            guard let quote = text.first, quote == "'" || quote == "\"", text.utf8.count >= 2,
                text.last == quote
            else { break }
            return .string(try unescaped(text.dropFirst().dropLast(), onlyUnicode: false))
        case .unicode: return .string(try unescaped(text[...], onlyUnicode: true))
        default: break
        }
        throw .malformed("has a pickle with the unreadable line \(Fault.quoted(text))")
    }

    /// The name of a module, class or function.
    static func name(_ line: UnsafeRawBufferPointer) throws(Fault) -> String {
        guard let name = String(validating: line, as: UTF8.self) else {
            throw .malformed("names a class by something that is no text")
        }
        return name
    }

    /// A number by which a value is kept.
    static func index(_ line: UnsafeRawBufferPointer) throws(Fault) -> Int {
        guard let index = Int(String(decoding: line, as: UTF8.self)), index >= 0 else {
            throw .malformed("keeps a value under something that is no number")
        }
        return index
    }

    /// Python's escapes: `\x41`, `\u0041`, `\U00000041` and single letters; of these
    /// raw-unicode-escape has the two of Unicode only.
    private static func unescaped(
        _ text: Substring, onlyUnicode: Bool
    ) throws(Fault) -> String {
        var result = String.UnicodeScalarView()
        var rest = text.unicodeScalars
        while let scalar = rest.popFirst() {
            guard scalar == "\\", let kind = rest.first else {
                result.append(scalar)
                continue
            }
            let width =
                switch kind {
                case "u": 4
                case "U": 8
                case "x" where !onlyUnicode: 2
                default: 0
                }
            if width > 0 {
                let digits = String(rest.dropFirst().prefix(width))
                guard digits.utf8.count == width, let code = UInt32(digits, radix: 16),
                    let decoded = Unicode.Scalar(code)
                else { throw .malformed("has a text with the escape \\\(kind) gone wrong") }
                rest = rest.dropFirst(1 + width)
                result.append(decoded)
            } else if onlyUnicode {
                result.append(scalar)
            } else {
                rest.removeFirst()
                switch kind {
                case "n": result.append("\n")
                case "t": result.append("\t")
                case "r": result.append("\r")
                default: result.append(kind)
                }
            }
        }
        return String(result)
    }
}
