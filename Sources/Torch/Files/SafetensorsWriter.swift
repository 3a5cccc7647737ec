internal import Files
public import Foundation

/// Writes safetensors files: under a temporary name, synced, then renamed.
public enum SafetensorsWriter {
    /// - Parameters:
    ///   - tensors: names and tensors of any device; written in the order of their names.
    ///   - dtype: what floating-point tensors are converted to; nil keeps theirs.
    ///   - metadata: strings for `__metadata__`; diffusers wants `format` to be `pt`.
    ///   - replacing: false: an error where something has the name already.
    ///   - contents: what a tensor holds, where that may lie in another process: asked for one
    ///     after the other.
    /// - Throws: ``CheckpointError/notFinite(key:)`` or a file error, with nothing left behind.
    public static func write(
        _ tensors: [(name: String, tensor: Tensor)], to url: URL, dtype: DType? = nil,
        metadata: [String: String] = ["format": "pt"], replacing: Bool = true,
        contents: (Tensor) throws -> Tensor = { $0 }
    ) throws {
        let sorted = tensors.sorted { $0.name < $1.name }
        var header: [String: Any] = metadata.isEmpty ? [:] : ["__metadata__": metadata]
        var offset = 0
        for (name, tensor) in sorted {
            let stored = tensor.dtype.isFloatingPoint ? dtype ?? tensor.dtype : tensor.dtype
            let size = tensor.count * stored.byteCount
            header[name] = [
                "dtype": stored.safetensorsName, "shape": tensor.shape,
                "data_offsets": [offset, offset + size],
            ]
            offset += size
        }
        var json = try JSONSerialization.data(
            withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
        // Data that begins at a multiple of eight can be mapped as it is.
        json.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - json.count % 8) % 8))
        var length = UInt64(json.count).littleEndian
        let file = try AtomicFile(at: url, replacing: replacing)
        try file.write(Data(bytes: &length, count: 8))
        try file.write(json)
        for (name, tensor) in sorted {
            let stored = tensor.dtype.isFloatingPoint ? dtype ?? tensor.dtype : tensor.dtype
            let found = try contents(tensor)
            let values = withoutGradients {
                // As it lies there: a device that is full has no room for another order.
                found.moved(to: found.device.mainMemory).cast(to: stored)
            }
            guard values.isAllFinite else { throw CheckpointError.notFinite(key: name) }
            try file.write(Data(withoutGradients { values.rawBytes() }))
        }
        try file.commit()
    }
}
