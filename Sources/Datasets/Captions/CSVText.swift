/// Rows of comma-separated values as RFC 4180 has them: fields may stand in quotes, in which commas
/// and line breaks are text and a quote is doubled. Lines end at `\n`, `\r\n` or `\r`; empty ones
/// are no rows. A quote inside a field that does not begin with one is text, as pandas reads it.
struct CSVText {
    /// One row, and the line on which it begins, counted from 1.
    struct Row: Equatable {
        let line: Int
        let fields: [String]
    }

    /// What is wrong, and where.
    struct Problem: Error, Equatable {
        let line: Int
        let text: String
    }

    let rows: [Row]

    init(_ text: String) throws(Problem) {
        var reader = Reader(bytes: Array(text.utf8))
        var rows: [Row] = []
        while let row = try reader.row() {
            if row.fields != [""] { rows.append(row) }
        }
        self.rows = rows
    }

    private struct Reader {
        let bytes: [UInt8]
        var index = 0
        var line = 1

        private static let quote = UInt8(ascii: "\"")
        private static let comma = UInt8(ascii: ",")
        private static let lineFeed = UInt8(ascii: "\n")
        private static let carriageReturn = UInt8(ascii: "\r")

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func row() throws(Problem) -> Row? {
            guard index < bytes.count else { return nil }
            let start = line
            var fields: [String] = []
            while true {
                fields.append(try field())
                guard index < bytes.count, bytes[index] == Self.comma else { break }
                index += 1
            }
            if index < bytes.count { skipLineBreak() }
            return Row(line: start, fields: fields)
        }

        private mutating func field() throws(Problem) -> String {
            guard index < bytes.count, bytes[index] == Self.quote else {
                let start = index
                while index < bytes.count, !isEnd(bytes[index]) { index += 1 }
                return String(decoding: bytes[start..<index], as: UTF8.self)
            }
            let start = line
            var content: [UInt8] = []
            index += 1
            while index < bytes.count {
                let byte = bytes[index]
                if byte == Self.quote {
                    index += 1
                    guard index < bytes.count, bytes[index] == Self.quote else {
                        guard index == bytes.count || isEnd(bytes[index]) else {
                            throw Problem(
                                line: line, text: "goes on after a quote that ends a value")
                        }
                        return String(decoding: content, as: UTF8.self)
                    }
                    content.append(byte)
                    index += 1
                } else if byte == Self.lineFeed || byte == Self.carriageReturn {
                    let first = index
                    skipLineBreak()
                    content += bytes[first..<index]
                } else {
                    content.append(byte)
                    index += 1
                }
            }
            throw Problem(line: start, text: "begins a value with a quote that is never closed")
        }

        private func isEnd(_ byte: UInt8) -> Bool {
            byte == Self.comma || byte == Self.lineFeed || byte == Self.carriageReturn
        }

        private mutating func skipLineBreak() {
            let isPair =
                bytes[index] == Self.carriageReturn && index + 1 < bytes.count
                && bytes[index + 1] == Self.lineFeed
            index += isPair ? 2 : 1
            line += 1
        }
    }
}
