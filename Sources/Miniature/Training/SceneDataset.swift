public import Foundation
public import Torch

/// Rendered scenes in memory.
public final class SceneDataset {
    /// uint8 `[scenes, height, width, 3]`.
    public let pictures: Tensor
    /// What the pictures show, in the same order.
    public let scenes: [Scene]

    /// - Parameter device: where the pictures are kept; 128 pixels take 48 KB each.
    public init(folder: URL, device: Device = .cpu) throws {
        var parts: [Tensor] = []
        var scenes: [Scene] = []
        for shard in try SceneShard.all(in: folder) {
            let described = try shard.readScenes()
            let bytes = try Data(contentsOf: shard.pictures, options: .mappedIfSafe)
            let side = Int((Double(bytes.count / (described.count * 3))).squareRoot())
            guard bytes.count == described.count * side * side * 3 else {
                throw SceneError(
                    "\(shard.pictures.path) does not hold \(described.count) square pictures: "
                        + "delete the shard and render it again.")
            }
            bytes.withUnsafeBytes {
                parts.append(
                    Tensor(
                        bytes: $0, shape: [described.count, side, side, 3], dtype: .uint8,
                        device: device))
            }
            scenes += described
        }
        pictures = Tensor.concatenating(parts)
        self.scenes = scenes
    }

    /// How many scenes there are.
    public var count: Int { scenes.count }
    /// Where the pictures are kept.
    public var device: Device { pictures.device }

    /// Pictures as networks take them: `[batch, 3, height, width]` in −1…1, the channels fastest.
    ///
    /// - Parameter flippingHalf: mirrors the first half of the batch.
    public func batch(_ indices: Tensor, dtype: DType, flippingHalf: Bool = false) -> Tensor {
        withoutGradients {
            let rows = pictures.gathered(0, at: indices).cast(to: dtype) / 127.5 - 1
            let pixels = rows.permuted(0, 3, 1, 2)
            guard flippingHalf else { return pixels.converted(format: device.trainingFormat) }
            let half = pixels.size(0) / 2
            let first = pixels.narrowed(0, start: 0, length: half).flipped(3)
            let second = pixels.narrowed(0, start: half, length: pixels.size(0) - half)
            return Tensor.concatenating([first, second])
                .converted(format: device.trainingFormat)
        }
    }
}
