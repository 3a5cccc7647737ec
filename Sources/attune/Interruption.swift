import Dispatch
import Foundation
import Training

/// Turns Ctrl-C into a wish: the first asks to end in good order, the second ends at once. So do
/// the signal of `kill` and a terminal that is closed.
final class Interruption {
    let cancellation = Cancellation()
    /// Whether the program was to outlive its terminal.
    let ignoresHangup: Bool
    private let sources: [any DispatchSourceSignal]

    /// - Parameter message: what to say when the wish is heard; empty: nothing.
    init(message: String) {
        let cancellation = cancellation
        // A reader of the output that ends, as `| head`, ends no work.
        signal(SIGPIPE, SIG_IGN)
        ignoresHangup = Self.isIgnored(SIGHUP)
        sources = [SIGINT, SIGTERM, SIGHUP].compactMap { number in
            // Whoever started the program may want it to outlive its terminal, as nohup does.
            let wasIgnored = Self.isIgnored(number)
            signal(number, SIG_IGN)
            guard number != SIGHUP || !wasIgnored else { return nil }
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                // Two that come at once arrive as one.
                if cancellation.isRequested || source.data > 1 { _exit(128 + number) }
                cancellation.request()
                if !message.isEmpty { Terminal.writeError("\n\(message)\n") }
            }
            source.resume()
            return source
        }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    /// Gives signals their usual effects again, for another program in the place of this process.
    static func restoreSignals(keepingIgnoredHangup: Bool) {
        for number in [SIGINT, SIGTERM, SIGPIPE] { signal(number, SIG_DFL) }
        if !keepingIgnoredHangup { signal(SIGHUP, SIG_DFL) }
        var none = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, nil)
    }

    deinit { for source in sources { source.cancel() } }
}
