internal import CTorch

/// Copies of tensors that are on their way to a device, while that computes something else.
public final class Upload {
    /// The copies, in the order of the tensors: to be used once they have arrived.
    public let copies: [Tensor]
    private let handle: ct_upload

    /// Begins to copy. Where the device can compute meanwhile (NVIDIA's, from memory that is
    /// ``Tensor/pinned(for:)``), it does.
    ///
    /// The tensors must not change until the copies have arrived.
    public init(_ tensors: [Tensor], to device: Device) {
        var handle = ct_upload(impl: nil)
        let handles = tensors.map(\.handle)
        perform("upload", tensors) {
            ct_begin_upload(handles, handles.count, device.code, &handle)
        }
        self.handle = handle
        copies = tensors.indices.map { index in
            produce("upload", []) { ct_upload_copy(handle, index, $0) }
        }
    }

    deinit { ct_upload_release(handle) }

    /// Has the device wait for the copies before it computes what it is told next.
    public func arrive() { perform("arrive", copies) { ct_upload_arrive(handle) } }
}

extension Tensor {
    /// This tensor in memory from which `device` can copy by itself, while the processor and the
    /// device do something else: page-locked memory beside an NVIDIA GPU. Itself for all others,
    /// and where it does not lie in main memory.
    public func pinned(for target: Device) -> Tensor {
        guard case .cuda = target, device == .cpu else { return self }
        return produce("pinned", [self]) { ct_pinned(handle, $0) }
    }
}
