/// What tells one photo from another, and a sharp photo from a blurred one.
public struct PhotoTraits: Sendable, Equatable {
    /// 64 bits that are nearly the same for the same picture in other sizes and qualities: which
    /// of two neighbours is brighter, on a grid of 9 by 8 (the "difference hash" of N. Krawetz).
    public let hash: UInt64
    /// How much detail there is: the variance of the Laplacian of the grey picture, 0 to 255, at
    /// a width of at most ``measuringWidth`` pixels (Pech-Pacheco et al. 2000).
    public let sharpness: Double

    /// Sharpness depends on the size it is measured at; of larger photos only what is left at
    /// about the size of training matters.
    public static let measuringWidth = 512
    /// Bits in which two photos of the same picture may differ.
    ///
    /// Copies that were scaled or saved again differ in 0 to 2 bits, those with a fiftieth cropped
    /// off in 1 to 8; different photos of one subject in 13 and more.
    public static let twinDistance = 4
    /// Photos below it count as blurred.
    ///
    /// Sharp photos have 50 to 1500, the lower the more of them is plain background; blurred by
    /// 1.3 pixels of the measuring width they fall to a tenth.
    public static let blurredBelow = 30.0

    /// Measures a picture.
    public init(_ image: PixelImage) {
        let width = min(Self.measuringWidth, image.width)
        let height = max(1, (image.height * width + image.width / 2) / image.width)
        let small = image.resized(width: width, height: height, filter: .bilinear)
        sharpness = Self.sharpness(of: small.luma, width: width, height: height)
        hash = Self.hash(of: small.resized(width: 9, height: 8, filter: .bilinear).luma)
    }

    /// In how many bits two photos differ, 0 to 64.
    public func distance(to other: PhotoTraits) -> Int { (hash ^ other.hash).nonzeroBitCount }

    /// Whether two photos are probably one.
    public func isTwin(of other: PhotoTraits) -> Bool {
        distance(to: other) <= Self.twinDistance
    }

    /// Whether there is so little detail that the photo is probably blurred.
    public var isBlurred: Bool { sharpness < Self.blurredBelow }

    private static func hash(of luma: [Int]) -> UInt64 {
        var result: UInt64 = 0
        for row in 0..<8 {
            for column in 0..<8 {
                let at = row * 9 + column
                result = result << 1 | (luma[at + 1] > luma[at] ? 1 : 0)
            }
        }
        return result
    }

    private static func sharpness(of luma: [Int], width: Int, height: Int) -> Double {
        guard width > 2, height > 2 else { return 0 }
        var (sum, squares) = (0, 0)
        for row in 1..<(height - 1) {
            for column in 1..<(width - 1) {
                let at = row * width + column
                let value =
                    luma[at - width] + luma[at + width] + luma[at - 1] + luma[at + 1]
                    - 4 * luma[at]
                sum += value
                squares += value * value
            }
        }
        let count = Double((width - 2) * (height - 2))
        let mean = Double(sum) / count
        return Double(squares) / count - mean * mean
    }
}

extension PixelImage {
    /// Brightness by ITU-R BT.601, rounded as Pillow's mode L, rows from the top, 0 to 255.
    fileprivate var luma: [Int] {
        (0..<(width * height)).map { index in
            let (red, green, blue) = (
                Int(pixels[3 * index]), Int(pixels[3 * index + 1]), Int(pixels[3 * index + 2])
            )
            return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
        }
    }
}
