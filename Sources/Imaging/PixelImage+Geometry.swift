extension PixelImage {
    /// Where a crop lies in what is left over.
    public enum Crop: Sendable, Equatable {
        /// In the middle, as torchvision's `CenterCrop` rounds it.
        case center
        /// At fractions 0 to 1 of the room to move: 0 is left and top, 1 is right and bottom.
        /// Uniform fractions give every offset the same chance, as `RandomCrop` does.
        case at(x: Double, y: Double)

        /// The column and the row at which the crop starts, given the pixels left over.
        public func offsets(roomX: Int, roomY: Int) -> (x: Int, y: Int) {
            switch self {
            case .center:
                // Python rounds halves to even.
                return (
                    Int((Double(roomX) / 2).rounded(.toNearestOrEven)),
                    Int((Double(roomY) / 2).rounded(.toNearestOrEven))
                )
            case .at(let x, let y):
                func offset(_ fraction: Double, _ room: Int) -> Int {
                    let clamped = fraction.isFinite ? min(max(fraction, 0), 1) : 0
                    return min(Int(clamped * Double(room + 1)), room)
                }
                return (offset(x, roomX), offset(y, roomY))
            }
        }
    }

    /// Resized to cover `width` x `height` with its proportions kept, then cropped to it.
    ///
    /// For a square this is torchvision's `Resize(side)` and `CenterCrop(side)` on a PIL picture,
    /// to the last bit with `.bilinear`.
    public func resizedAndCropped(
        width targetWidth: Int, height targetHeight: Int, crop: Crop = .center,
        filter: ResizeFilter = .lanczos
    ) -> PixelImage {
        let (newWidth, newHeight) = sizeCovering(width: targetWidth, height: targetHeight)
        let (x, y) = crop.offsets(roomX: newWidth - targetWidth, roomY: newHeight - targetHeight)
        return resized(width: newWidth, height: newHeight, filter: filter)
            .cropped(x: x, y: y, width: targetWidth, height: targetHeight)
    }

    /// The smallest size with the proportions kept that covers `width` x `height`.
    public func sizeCovering(
        width targetWidth: Int, height targetHeight: Int
    ) -> (width: Int, height: Int) {
        Self.size(
            of: (width, height), covering: (targetWidth, targetHeight))
    }

    /// The smallest size with the proportions of `size` that covers another.
    public static func size(
        of size: (width: Int, height: Int), covering target: (width: Int, height: Int)
    ) -> (width: Int, height: Int) {
        let (width, height) = size
        let (targetWidth, targetHeight) = target
        precondition(targetWidth > 0 && targetHeight > 0, "covering: empty size")
        return width * targetHeight <= height * targetWidth
            ? (targetWidth, max(targetHeight, height * targetWidth / width))
            : (max(targetWidth, width * targetHeight / height), targetHeight)
    }

    /// The part of `width` x `height` pixels that starts at column `x` and row `y`.
    public func cropped(x: Int, y: Int, width newWidth: Int, height newHeight: Int) -> PixelImage {
        precondition(
            x >= 0 && y >= 0 && newWidth > 0 && newHeight > 0 && x + newWidth <= width
                && y + newHeight <= height,
            "cropped: \(newWidth)x\(newHeight) at (\(x), \(y)) is not inside \(width)x\(height)")
        if newWidth == width && newHeight == height { return self }
        var result: [UInt8] = []
        result.reserveCapacity(newWidth * newHeight * 3)
        for row in y..<(y + newHeight) {
            let start = (row * width + x) * 3
            result.append(contentsOf: pixels[start..<(start + newWidth * 3)])
        }
        return PixelImage(width: newWidth, height: newHeight, pixels: result)
    }

    /// Mirrored left to right.
    public func flippedHorizontally() -> PixelImage {
        var result = pixels
        for row in 0..<height {
            let start = row * width * 3
            for x in 0..<width {
                let from = start + (width - 1 - x) * 3
                let to = start + x * 3
                result[to] = pixels[from]
                result[to + 1] = pixels[from + 1]
                result[to + 2] = pixels[from + 2]
            }
        }
        return PixelImage(width: width, height: height, pixels: result)
    }
}
