internal import CTorch

/// The operations that a piece of work consists of, by their shapes: what it would cost can be
/// measured without doing it, and without its memory.
public final class OperationRecord {
    private let handle: ct_operations

    /// Takes down what `body` computes on this thread, such as a step on ``Device/meta(_:)``.
    public init(of body: () -> Void) {
        var out = ct_operations(impl: nil)
        withoutActuallyEscaping(body) { body in
            let box = Unmanaged.passRetained(Body(body))
            trapOnFailure(
                ct_record_operations(
                    { context in
                        guard let context else { return }
                        Unmanaged<Body>.fromOpaque(context).takeUnretainedValue().run()
                    }, box.toOpaque(), &out), "OperationRecord", [])
            box.release()
        }
        handle = out
    }

    deinit { ct_release_operations(handle) }

    /// How long all of it takes on a device, in seconds, where others leave it alone.
    ///
    /// Each different operation is computed for itself, on operands of its shapes; what comes often
    /// is measured once, and remembered for other records of this process. Copies between main memory and a GPU are counted as copies on one side.
    /// - Parameter budget: seconds that measuring may take, at least as long as the costliest
    ///   operation; what is not measured is taken to cost as much for its size as what was.
    /// - Returns: the seconds, and which share of the work was measured, in 0…1.
    public func seconds(on device: Device, budget: Double) -> (seconds: Double, share: Double) {
        var seconds = 0.0
        var share = 0.0
        trapOnFailure(
            withExtendedLifetime(self) {
                ct_time_operations(handle, device.code, budget, &seconds, &share)
            }, "OperationRecord.seconds", [])
        return (seconds, share)
    }

    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }
}
