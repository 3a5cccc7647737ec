internal import CTorch

extension Tensor {
    /// A tensor with the shape, the dtype and the device of this one that takes no memory: every
    /// element is the same one, which is no number, so that whatever is computed with it shows.
    ///
    /// It may require a gradient, and nothing can be copied into it.
    public var placeholder: Tensor {
        let one = Tensor.full(
            Array(repeating: 1, count: rank), .nan, dtype: dtype, device: device)
        return one.expanded(shape).detached()
    }

    /// Whether it is a ``placeholder``, or another that repeats fewer elements than it has.
    public var isPlaceholder: Bool {
        withExtendedLifetime(self) {
            Int(ct_storage_bytes(handle)) < count * dtype.byteCount
        }
    }
}
