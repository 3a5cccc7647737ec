import Files
import Foundation

/// The text of a file with captions.
enum CaptionText {
    /// UTF-8, without the byte-order mark that editors on Windows put first.
    static func read(_ url: URL, limit: Int) throws(FileError) -> String {
        var bytes = try WholeFile.read(url, limit: limit)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        // A zero is valid UTF-8, but in a text it means UTF-16 without a mark.
        guard !bytes.contains(0), let text = String(data: Data(bytes), encoding: .utf8) else {
            throw FileError(
                .read, url, reason: "its text is not in UTF-8; save it in that encoding")
        }
        return text
    }

    /// One line, whatever the lines of the text: a prompt knows no line breaks. What Unicode calls a
    /// line separator is no end of a line in a file, and stays.
    static func joined(_ text: String) -> String {
        text.split { $0 == "\n" || $0 == "\r" || $0 == "\r\n" }
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }.joined(separator: " ")
    }
}
