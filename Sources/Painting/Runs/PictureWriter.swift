import Files
import Foundation
import Synchronization

/// Writes pictures while the next are painted: compressing them takes a core that a GPU leaves
/// free.
final class PictureWriter: Sendable {
    /// What became of a picture.
    struct Result: Sendable {
        let picture: PaintedPicture
        let url: URL
        /// Nil: it is there.
        let error: FileError?
    }

    private let queue = DispatchQueue(label: "pictures")
    /// So many wait at most: however many there are, they need no more memory.
    private let room = DispatchSemaphore(value: PictureWriter.limit)
    private let results = Mutex<[Result]>([])
    private let failure = Mutex<(any Error)?>(nil)
    static let limit = 4

    /// Takes a picture, and waits where many do; no file is replaced.
    func write(_ picture: PaintedPicture, to url: URL) {
        room.wait()
        queue.async { [self] in
            defer { room.signal() }
            var error: FileError?
            do {
                try picture.write(to: url, replacing: false)
            } catch let found as FileError {
                error = found
            } catch let found {
                failure.withLock { $0 = found }
                return
            }
            let result = Result(picture: picture, url: url, error: error)
            results.withLock { $0.append(result) }
        }
    }

    /// What has become of pictures since this was asked last.
    ///
    /// - Throws: where a picture could not be made into a file at all.
    func news() throws -> [Result] {
        if let error = failure.withLock({ $0 }) { throw error }
        return results.withLock { results in
            defer { results = [] }
            return results
        }
    }

    /// Waits until all that were taken are written.
    func finish() { queue.sync {} }
}
