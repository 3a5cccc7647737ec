internal import CTorch

extension Tensor {
    /// The thin singular value decomposition of a float matrix `[rows, columns]`: the matrix is
    /// `u · diag(s) · v`, with the values in falling order.
    ///
    /// - Returns: `[rows, k]`, `[k]` and `[k, columns]`, k being the smaller side.
    public func singularValues() -> (u: Tensor, s: Tensor, v: Tensor) {
        precondition(rank == 2, "singular values of \(debugDescription)")
        var (u, s, v) = (ct_tensor(impl: nil), ct_tensor(impl: nil), ct_tensor(impl: nil))
        perform("singularValues", [self]) { ct_svd(handle, &u, &s, &v) }
        return (Tensor(owning: u), Tensor(owning: s), Tensor(owning: v))
    }
}
