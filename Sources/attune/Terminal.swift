import Foundation

/// What people read while the program works.
///
/// It is only for looking at: a terminal that was closed, or a log on a disk that is full, ends
/// nothing.
enum Terminal {
    /// Past stdio's buffer, so that a log file shows a line when it is written.
    static func write(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }

    static func writeError(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
