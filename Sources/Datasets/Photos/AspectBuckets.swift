package import Settings

/// Width and height in pixels.
public struct PixelSize: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The count of columns.
    public let width: Int
    /// The count of rows.
    public let height: Int

    /// A size; see the members.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// Both sides alike.
    public init(square side: Int) { self.init(width: side, height: side) }

    /// Width divided by height.
    var ratio: Double { Double(width) / Double(height) }

    /// `512x768`, width first.
    public var description: String { "\(width)x\(height)" }

    /// Narrower ones first.
    public static func < (left: PixelSize, right: PixelSize) -> Bool {
        (left.width, left.height) < (right.width, right.height)
    }
}

/// The sizes in which photos are trained, so that nothing is squashed and little is cropped.
///
/// The rules are those of kohya's trainer (`make_bucket_resolutions` and `BucketManager` in
/// sd-scripts): every width in steps, with the largest height that keeps to the area, and a photo
/// goes to the one whose width by height is nearest to its own. A square photo always goes to the
/// square of the resolution, also where that is no multiple of the step.
public struct AspectBuckets: Sendable, Equatable, CustomStringConvertible {
    /// The side of the square whose area no bucket exceeds.
    public let resolution: Int
    /// Sides are multiples of it.
    public let step: Int
    /// Bounds of the sides.
    public let sides: ClosedRange<Int>
    /// Whether small photos are enlarged to a bucket.
    public let enlarges: Bool
    /// The sizes to choose from, in order.
    public let sizes: [PixelSize]

    /// No side is longer, so that areas can be computed.
    private static let sideLimit = 1 << 20

    /// The sizes of a resolution, all lengths in pixels.
    public init(resolution: Int, step: Int, sides: ClosedRange<Int>, enlarges: Bool = true) {
        precondition(step > 0 && resolution > 0, "buckets of no size")
        self.resolution = resolution
        self.step = step
        self.sides = sides
        self.enlarges = enlarges
        let area = resolution * resolution
        var found: Set<PixelSize> = [PixelSize(square: resolution)]
        // A wider one would be lower than the lowest.
        let widest = min(sides.upperBound, area / sides.lowerBound)
        for width in stride(from: sides.lowerBound, through: widest, by: step) {
            let height = min(sides.upperBound, area / width / step * step)
            guard height >= sides.lowerBound, height != width else { continue }
            found.insert(PixelSize(width: width, height: height))
            found.insert(PixelSize(width: height, height: width))
        }
        sizes = found.sorted()
    }

    /// The sizes that a configuration asks for.
    ///
    /// - Parameter factor: how many pixels a latent stands for, along one side.
    /// - Throws: ``SettingError/option(name:value:problem:)`` with the option's name.
    package init(
        _ data: DataConfiguration, resolution: Int, factor: Int
    ) throws(SettingError) {
        let step = data.bucketResoSteps ?? Self.defaultStep(resolution: resolution, factor: factor)
        func check(_ value: Int, _ name: String, _ multiple: Int) throws(SettingError) {
            guard value % multiple == 0 else {
                let below = max(1, value / multiple) * multiple
                throw .option(
                    name: name, value: String(value),
                    problem: "must be divisible by \(multiple); use \(below).")
            }
        }
        try check(step, "bucket-reso-steps", factor)
        let half = max(1, resolution / 2)
        guard step <= half else {
            throw .option(
                name: "bucket-reso-steps", value: String(step),
                problem: "must be at most \(half), half of `resolution`.")
        }
        let least = data.minBucketReso ?? max(step, half / step * step)
        let most = data.maxBucketReso ?? 2 * resolution / step * step
        for (name, side) in [("min-bucket-reso", least), ("max-bucket-reso", most)] {
            guard side <= Self.sideLimit else {
                throw .option(
                    name: name, value: String(side), problem: "must be at most \(Self.sideLimit).")
            }
        }
        try check(least, "min-bucket-reso", step)
        try check(most, "max-bucket-reso", step)
        guard least <= resolution else {
            throw .option(
                name: "min-bucket-reso", value: String(least),
                problem: "must be at most `resolution`, which is \(resolution).")
        }
        guard most >= resolution else {
            throw .option(
                name: "max-bucket-reso", value: String(most),
                problem: "must be at least `resolution`, which is \(resolution).")
        }
        self.init(
            resolution: resolution, step: step, sides: least...most,
            enlarges: !data.bucketNoUpscale)
    }

    /// kohya's 64 from 512 pixels up; an eighth of a smaller resolution, as it is of 512.
    static func defaultStep(resolution: Int, factor: Int) -> Int {
        min(max(64 / factor, 1) * factor, max(2 * factor, resolution / 8 / factor * factor))
    }

    /// The size in which a photo is trained.
    public func size(width: Int, height: Int) -> PixelSize {
        let photo = PixelSize(width: width, height: height)
        if width == height, enlarges || width >= resolution {
            return PixelSize(square: resolution)
        }
        guard enlarges else { return sizeWithoutEnlarging(photo) }
        // One of the very size is preferred to others of its shape.
        if sizes.contains(photo) { return photo }
        var best = sizes[0]
        for size in sizes.dropFirst()
        where abs(size.ratio - photo.ratio) < abs(best.ratio - photo.ratio) { best = size }
        return best
    }

    /// A photo within the area keeps its size, cut to steps; a larger one is made as large as the
    /// area, with that side in steps which leaves the shape nearer to what it is.
    private func sizeWithoutEnlarging(_ photo: PixelSize) -> PixelSize {
        var (width, height) = (photo.width, photo.height)
        let ratio = photo.ratio
        if width * height > resolution * resolution {
            let exactWidth = (Double(resolution * resolution) * ratio).squareRoot()
            let exactHeight = Double(resolution * resolution) / exactWidth
            let widthFirst = rounded(exactWidth)
            let heightFirst = rounded(exactHeight)
            let heightOfWidth = rounded(Double(widthFirst) / ratio)
            let widthOfHeight = rounded(Double(heightFirst) * ratio)
            let errorOfWidth = abs(Double(widthFirst) / Double(heightOfWidth) - ratio)
            let errorOfHeight = abs(Double(widthOfHeight) / Double(heightFirst) - ratio)
            if errorOfWidth < errorOfHeight {
                (width, height) = (widthFirst, Int(Double(widthFirst) / ratio + 0.5))
            } else {
                (width, height) = (Int(Double(heightFirst) * ratio + 0.5), heightFirst)
            }
        }
        return PixelSize(
            width: max(step, width - width % step), height: max(step, height - height % step))
    }

    private func rounded(_ side: Double) -> Int {
        let whole = Int(side + 0.5)
        // Not nothing, as a very long photo would make it.
        return max(step, whole - whole % step)
    }

    /// What decides the sizes, in a few words.
    public var description: String {
        "sides of \(sides.lowerBound) to \(sides.upperBound) in steps of \(step)"
            + (enlarges ? "" : ", nothing enlarged")
    }
}
