package import Imaging
package import Torch

extension PixelImage {
    /// Float32 [3, height, width] in 0…1.
    var unitTensor: Tensor {
        Tensor(pixels, shape: [height, width, 3]).cast(to: .float32).permuted(2, 0, 1) / 255
    }

    /// Float32 [3, height, width] in −1…1, as the networks take pictures.
    package var signedTensor: Tensor { ((unitTensor - 0.5) / 0.5).converted(format: .contiguous) }
}
