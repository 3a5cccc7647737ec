internal import Files
public import Foundation
internal import PyTorchArchive
internal import Torch

/// A file of learned vectors, in any of the forms that trainers and web UIs write.
public struct TextualInversionFile {
    /// Whose form it is.
    public enum Kind: String, Sendable, CaseIterable {
        /// `{token: vectors}`, `.safetensors` or `.bin`.
        case diffusers
        /// `{"emb_params": vectors}`.
        case kohya
        /// `{"emp_params": vectors}`.
        case oneTrainer
        /// `{"clip_l": vectors, "clip_g": vectors}` for the two text encoders of SDXL, of which the
        /// first is that of SD 1.x; only its vectors are read.
        case sdxl
        /// `string_to_param` with name, step and checkpoint.
        case a1111
        /// The same as JSON in the text of a PNG.
        case a1111Card
    }

    /// The keyword of the PNG text that an A1111 card holds its vectors in.
    public static let pngKeyword = "sd-ti-embedding"

    /// Whose form it is.
    public let kind: Kind
    /// The vectors, on the CPU.
    public let embedding: TextualInversion

    /// Reads `.safetensors`, `.bin` or `.pt`, by what the file holds and not by its ending.
    ///
    /// Nothing of the file is run: see `PyTorchArchive`.
    ///
    /// - Parameter token: the word for prompts; nil: what the file says. That is the key of
    ///   diffusers' files, the name in A1111's, and the file's name without its ending in others.
    /// - Throws: ``TextualInversionError``, `CheckpointError`, `PyTorchArchiveError` or
    ///   `FileError`: one sentence that names the file.
    public init(_ url: URL, token: String? = nil) throws {
        let start = [UInt8](try WholeFile.prefix(url, count: 9))
        if start.starts(with: Self.pictureStart) {
            throw TextualInversionError.picture(file: url.path)
        }
        let stem = url.deletingPathExtension().lastPathComponent
        let isHeader = start.count == 9 && start[8] == UInt8(ascii: "{")
        let isPickle = !isHeader && (start.starts(with: [0x50, 0x4B]) || start.first == 0x80)
        let contents =
            isPickle
            ? try EmbeddingContents(PyTorchArchive(url))
            : EmbeddingContents(try SafetensorsFile(url))
        self = try contents.file(stem: stem, token: token)
    }

    /// Reads an A1111 card.
    ///
    /// - Parameters:
    ///   - pngText: the picture's text under ``pngKeyword``: base64 of a JSON object.
    ///   - name: the picture's file, for messages, and for the token where the text has no name.
    ///   - token: the word for prompts; nil: as the text says.
    /// - Throws: ``TextualInversionError``.
    public init(pngText: String, name: URL, token: String? = nil) throws(TextualInversionError) {
        let stem = name.deletingPathExtension().lastPathComponent
        self = try EmbeddingContents(card: pngText, file: name.path).file(stem: stem, token: token)
    }

    init(kind: Kind, embedding: TextualInversion) {
        self.kind = kind
        self.embedding = embedding
    }

    /// Whether a file begins as a PNG does, and may be a card.
    public static func isPNG(_ url: URL) -> Bool {
        (try? WholeFile.prefix(url, count: 8)).map { [UInt8]($0) == pictureStart } ?? false
    }

    private static let pictureStart: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
}
