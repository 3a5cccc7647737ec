public import Files
public import Foundation

/// What can be wrong with pictures and photo folders, each as one sentence.
public enum ImagingError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// The file cannot be read or written.
    case file(FileError)
    /// The content is no picture of a known kind.
    case notAPicture(path: String)
    /// The content is a picture, or the like, of a kind that is not read.
    case foreign(path: String, reason: String)
    /// The picture is cut short or corrupt.
    case damaged(path: String, format: ImageFormat, detail: String)
    /// The file of a camera's sensor, in which only a thumbnail is a picture.
    case cameraRaw(path: String, kind: String)
    /// The numbers of the pixels are of a kind that does not say what is white.
    case unknownRange(path: String, format: ImageFormat, detail: String)
    /// The picture library was built without a decoder for this kind.
    case noDecoder(path: String, format: ImageFormat)
    /// The header promises more pixels than are accepted.
    case tooManyPixels(path: String, width: Int, height: Int, limit: Int)
    /// A side is shorter than what is needed.
    case tooSmall(path: String, width: Int, height: Int, minimumSide: Int)
    /// The photo folder does not exist.
    case noSuchFolder(path: String)
    /// The photo folder is a file.
    case notAFolder(path: String)
    /// The folder holds no photo.
    case noPhotos(path: String, skippedCount: Int)
    /// The folder holds no photo, but folders in it do.
    case photosElsewhere(path: String, places: [String])
    /// A picture could not be turned into a file's bytes.
    case encoding(path: String, detail: String)
    /// A PNG file has an impossible structure.
    case malformedPNG(path: String, detail: String)
    /// The picture library did not start.
    case library(detail: String)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .file(let error):
            return error.description
        case .notAPicture(let path):
            return
                "\(path) is not a picture that can be read: its content is none of "
                + ImageFormat.list
        case .foreign(let path, let reason):
            return "\(path) is \(reason)"
        case .damaged(let path, let format, let detail):
            return
                "\(path) is a damaged \(format) picture (\(detail)); "
                + "replace it with an intact copy or take it away"
        case .cameraRaw(let path, let kind):
            return
                "\(path) is a raw file of a camera (\(kind)), which has to be developed first; "
                + "export it as JPEG, PNG or TIFF with 8 or 16 bits, or take it away"
        case .unknownRange(let path, let format, let detail):
            return
                "\(path) is a \(format) picture of \(detail), which do not say what is white; "
                + "save it with 8 or 16 bits a channel"
        case .noDecoder(let path, let format):
            return
                "\(path) is a \(format) picture, and the libvips of this machine was built without "
                + "\(format); save it as PNG or JPEG, or install a libvips that has it"
        case .tooManyPixels(let path, let width, let height, let limit):
            return
                "\(path) says it has \(width)x\(height) pixels, and at most "
                + "\(limit / 1_000_000) million are accepted; save it smaller"
        case .tooSmall(let path, let width, let height, let minimumSide):
            return
                "\(path) is \(width)x\(height) pixels, and both sides must have at least "
                + "\(minimumSide); use a larger picture or take it away"
        case .noSuchFolder(let path):
            return "there is no folder \(path); name the folder that holds the photos"
        case .notAFolder(let path):
            return "\(path) is a file, not a folder; name the folder that holds the photos"
        case .noPhotos(let path, let skippedCount):
            let rest =
                skippedCount == 0
                ? "it is empty"
                : skippedCount == 1
                    ? "the one entry in it is not a picture"
                    : "none of the \(skippedCount) entries in it is a picture"
            return "the folder \(path) holds no photos: \(rest); accepted are \(ImageFormat.list)"
        case .photosElsewhere(let path, let places):
            return
                "the folder \(path) holds no photos itself, but folders in it do: "
                + places.joined(separator: ", ") + "; name the one with the photos of the subject"
        case .encoding(let path, let detail):
            return "cannot write \(path): the picture could not be encoded (\(detail))"
        case .malformedPNG(let path, let detail):
            return "\(path) is not a sound PNG file: \(detail)"
        case .library(let detail):
            return "the picture library libvips did not start (\(detail)); install it again"
        }
    }

    /// The sentence for people.
    public var errorDescription: String? { description }
}
