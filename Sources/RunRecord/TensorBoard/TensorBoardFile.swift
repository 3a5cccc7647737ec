import Files
public import Foundation

/// One of TensorBoard's event files, which grows while a run goes on.
///
/// A run that goes on begins a file of its own: TensorBoard reads the files of a folder in the
/// order of their names, and drops from earlier ones what a later one's beginning makes void.
public final class TensorBoardFile {
    /// The file.
    public let url: URL
    private let descriptor: Int32
    private let now: () -> Double
    private var length = 0

    /// Begins a file in a folder, which is made where it is missing.
    ///
    /// - Parameters:
    ///   - step: steps that an earlier run has done.
    ///   - now: tells the seconds since 1970.
    /// - Throws: `FileError`.
    package init(
        in folder: URL, afterStep step: Int,
        now: @escaping () -> Double = { Date().timeIntervalSince1970 }
    ) throws {
        try Folder.create(folder)
        let host = Self.hostName
        // Ten digits, so that names in the order of letters are in the order of time.
        let second = String(format: "%010d", Int(now()))
        let stem = "events.out.tfevents.\(second).\(host)"
        var (number, opened) = (0, Int32(-1))
        var place = folder
        repeat {
            place = folder.appendingPathComponent("\(stem).\(number)")
            opened = open(place.path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o666)
            number += 1
        } while opened < 0 && errno == EEXIST && number < 1000
        guard opened >= 0 else { throw FileError(.write, place, errorNumber: errno) }
        url = place
        descriptor = opened
        self.now = now
        try append(.version, step: 0)
        try append(.start, step: step == 0 ? 0 : step + 1)
    }

    deinit { close(descriptor) }

    /// Of this machine, from the kernel: Foundation would ask the network.
    private static var hostName: String {
        var bytes = [CChar](repeating: 0, count: 256)
        let status = gethostname(&bytes, bytes.count - 1)
        let text = String(
            decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let name = text.filter {
            $0.isASCII && ($0.isLetter || $0.isNumber || "-.".contains($0))
        }
        return status != 0 || name.isEmpty ? "localhost" : name
    }

    /// Adds an event that happens now. What is written can be read at once.
    package func append(_ content: TensorBoardEvent.Content, step: Int) throws {
        let record = TensorBoardEvent(wallTime: now(), step: step, content).record
        let count = record.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count == record.count else {
            let number = count < 0 ? errno : ENOSPC
            // Half an event would be the end of the file for its readers.
            ftruncate(descriptor, off_t(length))
            throw FileError(.write, url, errorNumber: number)
        }
        length += record.count
    }
}
