internal import CTorch

/// The one place where LibTorch's errors arrive.
///
/// A wrong shape or dtype is a mistake of the program: it traps, with the operation, its operands
/// and LibTorch's message. Running out of memory is nobody's mistake: the process says what to
/// change in one sentence, and ends (``OutOfMemory``).
@inline(__always)
func trapOnFailure(
    _ status: ct_status, _ operation: @autoclosure () -> String,
    _ operands: @autoclosure () -> [Tensor]
) {
    if status != CT_OK { fail(status, operation(), operands()) }
}

@inline(never)
private func fail(_ status: ct_status, _ operation: String, _ operands: [Tensor]) -> Never {
    let message = String(cString: ct_last_error())
    guard status == CT_OUT_OF_MEMORY else {
        let shapes = operands.map(\.debugDescription).joined(separator: ", ")
        fatalError("\(operation)(\(shapes)): \(message)")
    }
    OutOfMemory.end(in: operation)
}
