internal import CTorch

/// Numbers in 8 bits: codes that stand for the 256 numbers of a table, times a scale for each
/// block of them (Dettmers et al. 2022, arXiv 2110.02861).
public enum BlockCodes {
    /// What codes stand for.
    ///
    /// - Parameters:
    ///   - codes: uint8, `[count]`.
    ///   - scales: float32, `[blocks]`.
    ///   - table: float32, `[256]`.
    /// - Returns: float32, `[blocks, blockSize]`, with zeros behind the last code.
    public static func values(
        codes: Tensor, scales: Tensor, table: Tensor, blockSize: Int
    ) -> Tensor {
        produce("values", [codes, scales, table]) {
            ct_load_blocks(codes.handle, scales.handle, table.handle, Int64(blockSize), $0)
        }
    }

    /// Overwrites codes and scales: a block's scale is its largest absolute value, and a code is
    /// the number of midpoints below the value divided by it.
    ///
    /// - Parameters:
    ///   - values: float32, `[blocks, block size]`; what is behind the last code must be 0.
    ///   - midpoints: float32, `[255]`, rising: between the numbers of the table.
    public static func store(_ values: Tensor, midpoints: Tensor, codes: Tensor, scales: Tensor) {
        perform("store", [values, midpoints, codes, scales]) {
            ct_store_blocks(values.handle, midpoints.handle, codes.handle, scales.handle)
        }
    }
}
