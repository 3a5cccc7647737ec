import Files
package import Foundation
import Imaging

/// The picture by which web UIs show a file of theirs.
package struct PreviewPicture {
    /// The picture's file, a PNG.
    package let url: URL

    /// The picture in a file.
    package init(_ url: URL) { self.url = url }

    /// The longer side of the thumbnail in a file's metadata, in pixels.
    private static let side = 256
    /// Bytes of a thumbnail, at most: the metadata is read each time that the file is listed.
    private static let limit = 48 << 10

    /// The picture as a data URI of a small JPEG; nil where it cannot be read or is not small.
    package var thumbnail: String? {
        guard let picture = try? PhotoReader.read(url) else { return nil }
        let scale = min(1, Double(Self.side) / Double(max(picture.width, picture.height)))
        let small =
            scale < 1
            ? picture.resized(
                width: max(1, Int(Double(picture.width) * scale)),
                height: max(1, Int(Double(picture.height) * scale))) : picture
        guard let text = try? HTML.dataURI(small, asPhoto: true), text.utf8.count <= Self.limit
        else { return nil }
        return text
    }

    /// Copies the picture beside the files, as `NAME.preview.png`: A1111's convention. Names that
    /// are the same for every run have none, since no web UI lists them.
    package func write(beside files: [URL]) throws {
        let fixed = ["pytorch_lora_weights", "learned_embeds"]
        let places = Set(
            files.filter { ["safetensors", "pt"].contains($0.pathExtension) }
                .map { $0.deletingPathExtension() }
                .filter { !fixed.contains($0.lastPathComponent) }
                .map { $0.appendingPathExtension("preview.png") })
        guard !places.isEmpty else { return }
        let bytes = try WholeFile.read(url)
        for place in places { try AtomicFile.write(bytes, to: place) }
    }
}
