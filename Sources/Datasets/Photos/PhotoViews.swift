public import Imaging
public import Torch

/// How a photo becomes pictures of the sizes that are trained: resized to cover its bucket with
/// its proportions kept, cropped, and mirrored where that is wanted.
public struct PhotoViews {
    /// Crops kept of a photo of which something is left over, where crops are random. Encoding is
    /// slow, so a photo has a handful of crops, drawn once, and not a new one each time it is seen.
    /// In a bucket little is left over, and there is one crop more for every 8 pixels of it.
    public static let cropCount = 8

    /// One picture as the autoencoder takes it.
    public struct Picture {
        /// [3, height, width] in −1…1.
        public let pixels: Tensor
        /// What the error weighs at each pixel, [1, height, width] in 0…1; nil: 1 everywhere.
        public let weights: Tensor?
    }

    /// The side of the square that sizes are made from.
    public let resolution: Int
    private let buckets: AspectBuckets?
    private let isCentered: Bool
    private let hasFlips: Bool
    private let masks: PhotoMasks?
    private let seed: UInt64

    /// - Parameters:
    ///   - buckets: nil: every photo is cropped to the square.
    ///   - isCentered: one crop from the middle in place of random ones.
    ///   - hasFlips: every crop is there as it is and mirrored.
    ///   - masks: what the error weighs; nil: the same everywhere.
    ///   - seed: decides the crops.
    public init(
        resolution: Int, buckets: AspectBuckets? = nil, isCentered: Bool, hasFlips: Bool = false,
        masks: PhotoMasks? = nil, seed: UInt64
    ) {
        self.resolution = resolution
        self.buckets = buckets
        self.isCentered = isCentered
        self.hasFlips = hasFlips
        self.masks = masks
        self.seed = seed
    }

    /// What the error weighs on a photo, as a grey picture of its size; nil: the same everywhere.
    func mask(_ index: Int, of photo: PixelImage) throws -> PixelImage? {
        try masks?.mask(index, of: photo)
    }

    /// The size in which a photo of so many pixels is trained.
    public func size(width: Int, height: Int) -> PixelSize {
        buckets?.size(width: width, height: height) ?? PixelSize(square: resolution)
    }

    /// All views of a photo, of one size; a crop's mirrored one follows it.
    ///
    /// - Parameter index: the photo's number, on which its crops depend.
    /// - Throws: `ImagingError` for a photo or a mask that cannot be read.
    public func pictures(of photo: PhotoFolder.Photo, index: Int) throws -> [Picture] {
        let image = try PhotoReader.read(photo.url)
        let mask = try mask(index, of: image)
        let size = size(width: image.width, height: image.height)
        let crops = crops(width: image.width, height: image.height, index: index)
        return crops.flatMap { crop -> [Picture] in
            func cut(_ picture: PixelImage) -> PixelImage {
                // torchvision's Resize in diffusers' script is bilinear.
                picture.resizedAndCropped(
                    width: size.width, height: size.height, crop: crop, filter: .bilinear)
            }
            let (pixels, weights) = (cut(image), mask.map(cut))
            var views = [picture(pixels, weights)]
            if hasFlips {
                views.append(
                    picture(pixels.flippedHorizontally(), weights?.flippedHorizontally()))
            }
            return views
        }
    }

    /// Where crops lie; a single one where nothing is left over, since all would be the same.
    private func crops(width: Int, height: Int, index: Int) -> [PixelImage.Crop] {
        if isCentered { return [.center] }
        let (size, covering) = (
            size(width: width, height: height), covering(width: width, height: height)
        )
        let room = max(covering.width - size.width, covering.height - size.height)
        let most = buckets == nil && room > 0 ? Self.cropCount : 1 + room / 8
        guard most > 1 else { return [.center] }
        let generator = Generator(seed: Seeds.derived(from: seed, .crop, UInt64(index)))
        return (0..<min(Self.cropCount, most)).map { _ in
            let place = Tensor.rand([2], generator: generator).floats().map(Double.init)
            return .at(x: place[0], y: place[1])
        }
    }

    /// The size of a photo before it is cropped.
    private func covering(width: Int, height: Int) -> PixelSize {
        let size = size(width: width, height: height)
        let covering = PixelImage.size(
            of: (width, height), covering: (size.width, size.height))
        return PixelSize(width: covering.width, height: covering.height)
    }

    /// Sizes and crops of a photo's views in words that are the same for the same views.
    func description(of photo: PhotoFolder.Photo, index: Int) -> String {
        let (width, height) = (photo.width, photo.height)
        return "\(resolution) \(width)x\(height) \(covering(width: width, height: height)) "
            + "\(size(width: width, height: height)) \(hasFlips) "
            + "\(crops(width: width, height: height, index: index))"
    }

    /// Where a photo's mask is and what its black parts weigh; nil: it has none.
    func maskSource(_ index: Int) -> (source: PhotoMasks.Source, outsideWeight: Double)? {
        guard let masks, let source = masks.sources[index] else { return nil }
        return (source, masks.outsideWeight)
    }

    /// The parts of a photo that its views show, in the photo's own pixels.
    func frames(width: Int, height: Int, index: Int) -> [PixelFrame] {
        let (size, covering) = (
            size(width: width, height: height), covering(width: width, height: height)
        )
        let (scaleX, scaleY) = (
            Double(width) / Double(covering.width), Double(height) / Double(covering.height)
        )
        return crops(width: width, height: height, index: index).map { crop in
            let (x, y) = crop.offsets(
                roomX: covering.width - size.width, roomY: covering.height - size.height)
            return PixelFrame(
                x: Double(x) * scaleX, y: Double(y) * scaleY, width: Double(size.width) * scaleX,
                height: Double(size.height) * scaleY)
        }
    }

    private func picture(_ pixels: PixelImage, _ weights: PixelImage?) -> Picture {
        Picture(
            pixels: pixels.signedTensor,
            weights: weights.map { mask in
                let share = mask.unitTensor.narrowed(0, start: 0, length: 1)
                return masks.map { share.clamped($0.outsideWeight, 1) } ?? share
            })
    }
}

/// A part of a picture, in its pixels.
struct PixelFrame: Equatable {
    let x: Double
    let y: Double
    let width: Double
    let height: Double
}
