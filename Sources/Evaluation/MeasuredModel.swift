package import Datasets
package import Torch

/// A model in training, as far as measuring needs it.
package struct MeasuredModel {
    /// The steps of the noise schedule.
    let timestepCount: Int
    /// Called before rows are computed: what follows is no training.
    let prepare: () -> Void
    /// What the model says of noised rows, shaped as their latents.
    let prediction: (DiffusionBatch) -> Tensor
    /// The mean square error of each row, float32 [rows].
    let rowErrors: (DiffusionBatch) -> Tensor

    /// A model by what it does; see the members.
    package init(
        timestepCount: Int, prepare: @escaping () -> Void,
        prediction: @escaping (DiffusionBatch) -> Tensor,
        rowErrors: @escaping (DiffusionBatch) -> Tensor
    ) {
        self.timestepCount = timestepCount
        self.prepare = prepare
        self.prediction = prediction
        self.rowErrors = rowErrors
    }
}
