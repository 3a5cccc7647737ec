import Files
public import Foundation
public import Imaging

/// A picture as it leaves the painter: with what was drawn, and how.
///
/// An object, so that its end can be seen: nothing of this module keeps one.
public final class PaintedPicture: Sendable {
    /// The place among the seeds that were asked for, from 0.
    public let index: Int
    /// What its noise was drawn from.
    public let seed: UInt64
    /// The picture.
    public let image: PixelImage
    /// What made it, in A1111's words.
    public let parameters: GenerationParameters

    init(index: Int, seed: UInt64, image: PixelImage, parameters: GenerationParameters) {
        self.index = index
        self.seed = seed
        self.image = image
        self.parameters = parameters
    }

    /// Writes it as a PNG file with the A1111 `parameters` text inside.
    ///
    /// - Parameter replacing: whether a file that is there gives way.
    /// - Throws: `FileError` or `ImagingError`; nothing is left behind then.
    public func write(to url: URL, replacing: Bool = true) throws {
        let data = try PNGWriter.encode(
            image, text: [("parameters", parameters.infotext)], name: url.path)
        try AtomicFile.write(data, to: url, replacing: replacing)
    }
}
