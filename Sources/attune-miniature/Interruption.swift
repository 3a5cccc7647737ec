import Dispatch
import Foundation
import Synchronization

/// Turns Ctrl-C into a wish: the first asks to end after this step, the second ends at once.
final class Interruption: Sendable {
    private let flag = Atomic(false)

    /// Whether somebody asked.
    var isRequested: Bool { flag.load(ordering: .relaxed) }

    init() {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            // It lives as long as the process, which does nothing else.
            source.setEventHandler { [self] in
                if isRequested || source.data > 1 { _exit(128 + number) }
                flag.store(true, ordering: .relaxed)
            }
            source.resume()
        }
    }
}
