import Files
public import Foundation
import Torch

extension PyTorchArchive {
    /// Writes a file that PyTorch opens, with `weights_only` or without, and that programs with
    /// allow-lists of their own open too: a zip of `archive/data.pkl`, `archive/data/N` and
    /// `archive/version`, and nothing else.
    ///
    /// Tensors are written contiguous, one after another; a ``StoredTensor`` that stands in two
    /// places is written once.
    /// - Throws: ``PyTorchArchiveError`` when the value holds something that is no data or a
    ///   number that is not finite, a `FileError` when the disk refuses; then nothing is there.
    public static func write(_ value: PickleValue, to url: URL) throws {
        let pickle: PickleEncoder
        do {
            pickle = try PickleEncoder(value)
        } catch {
            throw PyTorchArchiveError.unwritable(file: url.path, what: error.what)
        }
        var zip = try ZipWriter(to: url)
        try pickle.bytes.withUnsafeBytes { try zip.add("archive/data.pkl", $0) }
        for (number, storage) in pickle.storages.enumerated() {
            let tensor = storage.tensor.tensor()
            let canFail = tensor.dtype.isFloatingPoint && tensor.count > 0
            guard !canFail || withoutGradients({ tensor.isAllFinite }) else {
                throw PyTorchArchiveError.notFinite(file: url.path, name: storage.name)
            }
            let bytes = withoutGradients { tensor.rawBytes() }
            try bytes.withUnsafeBytes { try zip.add("archive/data/\(number)", $0) }
        }
        try Data("3\n".utf8).withUnsafeBytes { try zip.add("archive/version", $0) }
        try zip.finish()
    }
}
