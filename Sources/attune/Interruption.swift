import Dispatch
import FineTuning
import Foundation

/// Turns Ctrl-C into a wish: the first asks to end in good order, the second ends at once.
final class Interruption {
    let cancellation = Cancellation()
    private let sources: [any DispatchSourceSignal]

    /// - Parameter message: what to say when the wish is heard.
    init(message: String) {
        let cancellation = cancellation
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if cancellation.isRequested { _exit(128 + number) }
                cancellation.request()
                FileHandle.standardError.write(Data("\n\(message)\n".utf8))
            }
            source.resume()
            return source
        }
    }

    deinit { for source in sources { source.cancel() } }
}
