public import Foundation
public import Torch

/// A file that `torch.save` made (`.pt`, `.bin`, `.ckpt`), read without running anything of it.
///
/// Such a file is a pickle: a program for a small machine that may call any Python function. Here
/// the machine makes plain data; the few functions that weights need are known by name and made
/// anew, and any other refuses the file.
public final class PyTorchArchive {
    /// The file, as a path.
    public let path: String
    /// What was saved. Tensors stay in the file until they are asked for.
    public let value: PickleValue
    private let byteCount: Int

    /// - Parameter skippingUnknownObjects: true reads on where the pickle names something that
    ///   weights do not need, such as the training program's own classes in a checkpoint of
    ///   PyTorch Lightning; in its place stands ``PickleValue/opaque(_:)``. Nothing is run.
    /// - Throws: ``PyTorchArchiveError`` when the file cannot be opened, is damaged or asks for
    ///   anything but data.
    public init(_ url: URL, skippingUnknownObjects: Bool = false) throws(PyTorchArchiveError) {
        let file = try MappedFile(url)
        path = file.path
        byteCount = file.bytes.count
        do throws(Fault) {
            value = try Self.read(file, skipsUnknown: skippingUnknownObjects)
        } catch {
            throw error.named(path)
        }
    }

    private static func read(
        _ file: MappedFile, skipsUnknown: Bool
    ) throws(Fault) -> PickleValue {
        defer { withExtendedLifetime(file) {} }
        let bytes = file.bytes
        if ZippedArchive.isOne(bytes) {
            return try ZippedArchive.read(file, skipsUnknown: skipsUnknown)
        }
        if let start = LegacyArchive.start(bytes) {
            return try LegacyArchive.read(file, from: start, skipsUnknown: skipsUnknown)
        }
        if bytes.count >= 512, bytes[257..<262].elementsEqual("ustar".utf8) {
            throw .unsupported("has the tar format of PyTorch before 0.1.10")
        }
        throw .malformed("begins neither as a zip nor with the magic number of PyTorch")
    }

    /// The tensors of a state dictionary in their order, copied out of the file: those at the top,
    /// or those under `state_dict` where there is one, as `.ckpt` files have it.
    ///
    /// - Throws: ``PyTorchArchiveError`` when there are none, or when the same bytes are named so
    ///   often that the copies would not stand in any relation to the file.
    public func tensors() throws(PyTorchArchiveError) -> [(name: String, tensor: Tensor)] {
        let top = value.dictionaryValue
        let state = top?["state_dict"]?.dictionaryValue ?? top
        let stored = (state?.entries ?? []).compactMap { entry -> (String, StoredTensor)? in
            guard let name = entry.key.stringValue, let tensor = entry.value.tensorValue else {
                return nil
            }
            return (name, tensor)
        }
        guard !stored.isEmpty else { throw .tensorless(file: path) }
        var allowance = 4 * byteCount + (1 << 26)
        for (_, tensor) in stored {
            allowance -= tensor.byteCount
            guard allowance >= 0 else {
                throw .malformed(file: path, fault: "names the same bytes over and over")
            }
        }
        return stored.map { ($0.0, $0.1.tensor()) }
    }
}
