public import Torch

/// Vectors that stand in a text in the place of tokens: those of textual inversion.
///
/// The token table is neither copied nor extended. Gradients reach `table` only through the places
/// where `rows` names one of its rows.
public struct LearnedRows {
    /// `[vectors, width]`.
    public let table: Tensor
    /// int64 `[batch, tokens]`: the row of `table` that is used at a place, −1 where the token is.
    public let rows: Tensor

    /// - Precondition: `rows` has numbers from −1 to the last row of `table`.
    public init(table: Tensor, rows: Tensor) {
        precondition(table.rank == 2 && table.size(0) > 0, "a table \(table.debugDescription)")
        precondition(rows.rank == 2 && rows.dtype == .int64, "rows \(rows.debugDescription)")
        self.table = table
        self.rows = rows
    }

    /// Puts the vectors in their places.
    ///
    /// - Parameter embedded: `[batch, tokens, width]`, what the token table gives for all places.
    /// - Returns: the same shape and dtype.
    func replacing(in embedded: Tensor) -> Tensor {
        precondition(
            table.size(1) == embedded.size(2),
            "vectors \(table.size(1)) wide in a text that is \(embedded.size(2)) wide")
        let places = rows.moved(to: embedded.device)
        let vectors = table.converted(to: embedded.dtype, device: embedded.device)
        // What stands for −1 is looked up too, and left out again.
        let none = Tensor.zeros([], dtype: .int64, device: embedded.device)
        let looked = vectors.rows(at: places.maximum(none))
        return places.isAtLeast(0).unsqueezed(2).selecting(looked, embedded)
    }
}
