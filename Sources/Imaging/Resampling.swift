import Foundation

/// The weight that a source pixel gets by its distance from the target pixel.
public enum ResizeFilter: String, Sendable, CaseIterable {
    /// A triangle of one pixel each way; what diffusers' training scripts use.
    case bilinear
    /// Keys' cubic with a = -0.5.
    case bicubic
    /// A windowed sinc of three lobes; the sharpest.
    case lanczos

    var support: Double {
        switch self {
        case .bilinear: 1
        case .bicubic: 2
        case .lanczos: 3
        }
    }

    func weight(_ distance: Double) -> Double {
        let x = abs(distance)
        guard x < support else { return 0 }
        switch self {
        case .bilinear:
            return 1 - x
        case .bicubic:
            let a = -0.5
            return x < 1
                ? ((a + 2) * x - (a + 3)) * x * x + 1 : (((x - 5) * x + 8) * x - 4) * a
        case .lanczos:
            return Self.sinc(x) * Self.sinc(x / 3)
        }
    }

    private static func sinc(_ x: Double) -> Double {
        x == 0 ? 1 : sin(x * .pi) / (x * .pi)
    }
}

extension PixelImage {
    /// Resized to `width` x `height` with antialiasing, proportions changed if need be.
    ///
    /// Two passes, columns then rows, in fixed point: the arithmetic of Pillow's `Resample.c`,
    /// so the values are Pillow's.
    public func resized(
        width newWidth: Int, height newHeight: Int, filter: ResizeFilter = .lanczos
    ) -> PixelImage {
        precondition(newWidth > 0 && newHeight > 0, "resized: empty size \(newWidth)x\(newHeight)")
        var result = self
        if newWidth != width {
            let kernel = ResamplingKernel(from: width, to: newWidth, filter: filter)
            result = result.resampledHorizontally(kernel, to: newWidth)
        }
        if newHeight != height {
            let kernel = ResamplingKernel(from: height, to: newHeight, filter: filter)
            result = result.resampledVertically(kernel, to: newHeight)
        }
        return result
    }

    private func resampledHorizontally(_ kernel: ResamplingKernel, to newWidth: Int) -> PixelImage {
        let rowLength = width * 3
        let rows = height
        let result = [UInt8](unsafeUninitializedCapacity: newWidth * rows * 3) { output, count in
            pixels.withUnsafeBufferPointer { input in
                kernel.weights.withUnsafeBufferPointer { weights in
                    var target = 0
                    for row in 0..<rows {
                        for x in 0..<newWidth {
                            let taps = kernel.taps[x]
                            var source = row * rowLength + taps.first * 3
                            var (red, green, blue) = (Self.half, Self.half, Self.half)
                            for tap in 0..<taps.count {
                                let weight = weights[taps.offset + tap]
                                red &+= Int32(input[source]) &* weight
                                green &+= Int32(input[source + 1]) &* weight
                                blue &+= Int32(input[source + 2]) &* weight
                                source += 3
                            }
                            output[target] = Self.clipped(red)
                            output[target + 1] = Self.clipped(green)
                            output[target + 2] = Self.clipped(blue)
                            target += 3
                        }
                    }
                }
            }
            count = newWidth * rows * 3
        }
        return PixelImage(width: newWidth, height: height, pixels: result)
    }

    private func resampledVertically(_ kernel: ResamplingKernel, to newHeight: Int) -> PixelImage {
        let rowLength = width * 3
        var sums = [Int32](repeating: 0, count: rowLength)
        let result = [UInt8](unsafeUninitializedCapacity: newHeight * rowLength) { output, count in
            pixels.withUnsafeBufferPointer { input in
                sums.withUnsafeMutableBufferPointer { sums in
                    for y in 0..<newHeight {
                        let taps = kernel.taps[y]
                        for index in 0..<rowLength { sums[index] = Self.half }
                        for tap in 0..<taps.count {
                            let weight = kernel.weights[taps.offset + tap]
                            let source = (taps.first + tap) * rowLength
                            for index in 0..<rowLength {
                                sums[index] &+= Int32(input[source + index]) &* weight
                            }
                        }
                        for index in 0..<rowLength {
                            output[y * rowLength + index] = Self.clipped(sums[index])
                        }
                    }
                }
            }
            count = newHeight * rowLength
        }
        return PixelImage(width: width, height: newHeight, pixels: result)
    }

    private static var half: Int32 { 1 << (ResamplingKernel.precision - 1) }

    private static func clipped(_ sum: Int32) -> UInt8 {
        UInt8(clamping: sum >> ResamplingKernel.precision)
    }
}

/// For each target position, the source positions it reads and their weights in fixed point.
private struct ResamplingKernel {
    /// 32 bits less 8 for the values and 2 for weights that overshoot.
    static let precision: Int32 = 22

    let taps: [(first: Int, count: Int, offset: Int)]
    let weights: [Int32]

    init(from inputSize: Int, to outputSize: Int, filter: ResizeFilter) {
        let scale = Double(inputSize) / Double(outputSize)
        // Widened when shrinking, so that every source pixel counts.
        let filterScale = max(scale, 1)
        let support = filter.support * filterScale
        let inverse = 1 / filterScale
        var taps: [(first: Int, count: Int, offset: Int)] = []
        taps.reserveCapacity(outputSize)
        var weights: [Int32] = []
        for position in 0..<outputSize {
            let center = (Double(position) + 0.5) * scale
            let first = max(Int(center - support + 0.5), 0)
            let end = min(Int(center + support + 0.5), inputSize)
            let raw = (first..<max(end, first)).map { source in
                filter.weight((Double(source) - center + 0.5) * inverse)
            }
            let sum = raw.reduce(0, +)
            taps.append((first, raw.count, weights.count))
            for weight in raw {
                let scaled = (sum == 0 ? weight : weight / sum) * Double(1 << Self.precision)
                weights.append(Int32(scaled < 0 ? scaled - 0.5 : scaled + 0.5))
            }
        }
        self.taps = taps
        self.weights = weights
    }
}
