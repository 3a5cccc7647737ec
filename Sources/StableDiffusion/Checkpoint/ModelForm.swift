public import Foundation

/// The two forms in which models are written.
public enum ModelForm: Sendable, Equatable {
    /// A folder in the layout of diffusers: ``ModelWriter``.
    case folder
    /// One file in the names of the original code: ``SingleFileWriter``.
    case singleFile

    /// What the name of an output asks for: a file where it ends in `.safetensors`, else a folder.
    ///
    /// - Parameters:
    ///   - output: where a model is to be written.
    ///   - model: where it is read.
    /// - Throws: ``ConversionError`` when the two are one, when something of the other kind is in
    ///   the way, or when the ending is that of another format.
    public init(of output: URL, convertedFrom model: URL) throws(ConversionError) {
        guard Self.place(output) != Self.place(model) else {
            throw .sameAsModel(path: output.path)
        }
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: output.path, isDirectory: &isFolder)
        let ending = output.pathExtension.lowercased()
        if ending == "safetensors" {
            if exists, isFolder.boolValue { throw .folderInTheWay(path: output.path) }
            self = .singleFile
            return
        }
        // A folder may have a dot in its name, such as that of a version.
        if Self.otherFormats.contains(ending), !(exists && isFolder.boolValue) {
            throw .unknownEnding(path: output.path, ending: output.pathExtension)
        }
        if exists, !isFolder.boolValue { throw .fileInTheWay(path: output.path) }
        self = .folder
    }

    private static let otherFormats: Set<String> = [
        "ckpt", "pt", "pth", "bin", "pkl", "sft", "gguf", "onnx", "zip",
    ]

    private static func place(_ url: URL) -> String {
        url.absoluteURL.standardizedFileURL.resolvingSymlinksInPath().path
    }
}
