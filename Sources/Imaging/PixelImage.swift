/// A picture as 8-bit sRGB numbers in memory.
public struct PixelImage: Sendable, Equatable {
    /// The count of columns.
    public let width: Int
    /// The count of rows.
    public let height: Int
    /// Always 3: red, green, blue.
    public var channels: Int { 3 }
    /// The values [height, width, 3], rows from the top, each 0 to 255.
    public var pixels: [UInt8]

    /// A picture from `width` x `height` x 3 values, rows from the top.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0, "PixelImage: the size \(width)x\(height) is empty")
        precondition(
            pixels.count == width * height * 3,
            "PixelImage: \(width)x\(height) needs \(width * height * 3) values, got \(pixels.count)"
        )
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// A picture of one colour.
    public init(width: Int, height: Int, filledWith color: RGB) {
        var pixels = [UInt8](repeating: color.red, count: width * height * 3)
        if color.green != color.red || color.blue != color.red {
            for index in stride(from: 0, to: pixels.count, by: 3) {
                pixels[index + 1] = color.green
                pixels[index + 2] = color.blue
            }
        }
        self.init(width: width, height: height, pixels: pixels)
    }

    /// The colour at a column and a row.
    public subscript(x: Int, y: Int) -> RGB {
        get {
            let index = offset(x, y)
            return RGB(pixels[index], pixels[index + 1], pixels[index + 2])
        }
        set {
            let index = offset(x, y)
            pixels[index] = newValue.red
            pixels[index + 1] = newValue.green
            pixels[index + 2] = newValue.blue
        }
    }

    private func offset(_ x: Int, _ y: Int) -> Int {
        precondition(
            (0..<width).contains(x) && (0..<height).contains(y),
            "PixelImage: (\(x), \(y)) is outside \(width)x\(height)")
        return (y * width + x) * 3
    }
}

/// An sRGB colour, 8 bits a channel.
public struct RGB: Sendable, Equatable {
    /// Red, 0 to 255.
    public var red: UInt8
    /// Green, 0 to 255.
    public var green: UInt8
    /// Blue, 0 to 255.
    public var blue: UInt8

    /// A colour from its three channels.
    public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// White.
    public static let white = RGB(255, 255, 255)
    /// Black.
    public static let black = RGB(0, 0, 0)
}
