public import Foundation
public import Torch

/// Writes files that the library's own writer refuses: with values that are not finite, with
/// types that are not supported, under any claim.
public enum UncheckedSafetensors {
    /// One tensor as it stands in a file.
    public struct Entry {
        /// As the format spells it, such as `F8_E4M3`.
        public var dtype: String
        /// The size of every axis.
        public var shape: [Int]
        /// The elements.
        public var bytes: Data

        /// Any bytes under any claim.
        public init(dtype: String, shape: [Int], bytes: Data) {
            (self.dtype, self.shape, self.bytes) = (dtype, shape, bytes)
        }

        /// The elements of a tensor as they are.
        public init(_ tensor: Tensor) {
            let names: [DType: String] = [
                .float16: "F16", .bfloat16: "BF16", .float32: "F32", .float64: "F64",
                .int32: "I32", .int64: "I64", .int8: "I8", .uint8: "U8", .bool: "BOOL",
            ]
            self.init(
                dtype: names[tensor.dtype] ?? "", shape: tensor.shape,
                bytes: Data(withoutGradients { tensor.rawBytes() }))
        }
    }

    /// Writes tensors in the order of their names.
    public static func write(
        _ entries: [String: Entry], to url: URL, metadata: [String: String] = ["format": "pt"]
    ) throws {
        var header: [String: Any] = ["__metadata__": metadata]
        var data = Data()
        for (name, entry) in entries.sorted(by: { $0.key < $1.key }) {
            header[name] = [
                "dtype": entry.dtype, "shape": entry.shape,
                "data_offsets": [data.count, data.count + entry.bytes.count],
            ]
            data += entry.bytes
        }
        let json = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys])
        var length = UInt64(json.count).littleEndian
        try (Data(bytes: &length, count: 8) + json + data).write(to: url)
    }

    /// Writes a file again with some of its tensors replaced.
    public static func rewrite(
        _ file: SafetensorsFile, to url: URL, replacing replaced: [String: Entry]
    ) throws {
        var entries: [String: Entry] = [:]
        for key in file.keys { entries[key] = file.tensor(key).map(Entry.init) }
        entries.merge(replaced) { $1 }
        try write(entries, to: url, metadata: file.header.metadata)
    }
}
