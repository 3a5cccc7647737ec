internal import Files
import Foundation

/// What a safetensors file says of one tensor.
public struct TensorEntry: Sendable, Equatable {
    /// The type of the elements.
    public let dtype: DType
    /// The size of every axis.
    public let shape: [Int]
    /// Byte range within the data that follows the header.
    public let range: Range<Int>
}

/// The header of a safetensors file, every claim of it checked against the file's size.
///
/// Format: 8 bytes of header length (little-endian), a JSON object, then the data. A header is
/// refused when it is longer than 100 MB, when an entry lies outside the data, overlaps another,
/// leaves bytes to nobody, or does not have the size that its shape and dtype need, as the
/// reference implementation does.
public struct SafetensorsHeader: Sendable {
    /// The tensors by their names.
    public let entries: [String: TensorEntry]
    /// What stands under `__metadata__`.
    public let metadata: [String: String]
    /// Where the data begins in the file.
    public let dataOffset: Int

    static let maximumByteCount = 100_000_000

    init(_ bytes: UnsafeRawBufferPointer, file: String) throws(CheckpointError) {
        try Self.refuseForeign(bytes, file: file)
        guard bytes.count >= 8 else {
            throw .malformed(file, "is \(bytes.count) bytes long, too short for a safetensors file")
        }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(min(bytes.count - 8, Self.maximumByteCount)) else {
            throw .malformed(
                file, "claims a header of \(length) bytes in a file of \(bytes.count) bytes")
        }
        let json = Data(bytes[8..<(8 + Int(length))])
        guard let parsed = try? JSONSerialization.jsonObject(with: json),
            let object = parsed as? [String: Any]
        else {
            throw .malformed(file, "has a header that is not a JSON object")
        }
        dataOffset = 8 + Int(length)
        let available = bytes.count - dataOffset
        var entries: [String: TensorEntry] = [:]
        var metadata: [String: String] = [:]
        for (key, value) in object {
            if key == "__metadata__" {
                metadata = (value as? [String: String]) ?? [:]
            } else {
                entries[key] = try Self.entry(value, key, available: available, file: file)
            }
        }
        try Self.refuseOverlapsAndGaps(entries, available: available, file: file)
        self.entries = entries
        self.metadata = metadata
    }

    /// A file of another kind has no header whose length could be told.
    private static func refuseForeign(
        _ bytes: UnsafeRawBufferPointer, file: String
    ) throws(CheckpointError) {
        // What has a brace where a header begins may be one, however it is damaged.
        guard bytes.count < 9 || bytes[8] != UInt8(ascii: "{") else { return }
        let start = Data(bytes.prefix(FileKind.startLength))
        guard let kind = FileKind(start: start), kind != .safetensors else { return }
        throw .foreign(file, kind: kind.name, advice: kind.advice)
    }

    private static func entry(
        _ value: Any, _ key: String, available: Int, file: String
    ) throws(CheckpointError) -> TensorEntry {
        guard let fields = value as? [String: Any], let name = fields["dtype"] as? String,
            let shape = fields["shape"] as? [Int], let offsets = fields["data_offsets"] as? [Int],
            offsets.count == 2
        else {
            throw .malformed(file, "describes \(key) without dtype, shape and data_offsets")
        }
        guard let dtype = DType(safetensors: name) else {
            throw .unsupportedType(file: file, key: key, type: name)
        }
        guard offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= available else {
            throw .malformed(
                file,
                "places \(key) at bytes \(offsets[0])..<\(offsets[1]) of \(available) "
                    + "(cut short, or lying)")
        }
        // Strides are products of the sizes even where one of them is 0, and must fit as well.
        var (needed, widest) = (dtype.byteCount, dtype.byteCount)
        for size in shape {
            let (product, overflow) = widest.multipliedReportingOverflow(by: max(size, 1))
            guard size >= 0, !overflow, shape.count <= 32 else {
                throw .malformed(file, "gives \(key) the impossible shape \(shape.prefix(32))")
            }
            widest = product
            needed *= size
        }
        guard needed == offsets[1] - offsets[0] else {
            throw .malformed(
                file,
                "gives \(key) \(offsets[1] - offsets[0]) bytes where \(name)\(shape) "
                    + "needs \(needed)")
        }
        return TensorEntry(dtype: dtype, shape: shape, range: offsets[0]..<offsets[1])
    }

    /// A name that stands twice in the JSON also leaves a gap, since only one of them is kept.
    private static func refuseOverlapsAndGaps(
        _ entries: [String: TensorEntry], available: Int, file: String
    ) throws(CheckpointError) {
        var end = 0
        for (key, entry) in entries.sorted(by: { $0.value.range.order < $1.value.range.order })
        where !entry.range.isEmpty {
            guard entry.range.lowerBound >= end else {
                throw .malformed(file, "lets \(key) overlap another tensor")
            }
            guard entry.range.lowerBound == end else {
                throw .malformed(file, "has bytes before \(key) that belong to no tensor")
            }
            end = entry.range.upperBound
        }
        guard end == available else {
            throw .malformed(file, "has \(available - end) bytes at its end of no tensor")
        }
    }
}

extension Range where Bound == Int {
    fileprivate var order: (Int, Int) { (lowerBound, upperBound) }
}

extension DType {
    init?(safetensors name: String) {
        switch name {
        case "BOOL": self = .bool
        case "U8": self = .uint8
        case "I8": self = .int8
        case "I32": self = .int32
        case "I64": self = .int64
        case "F16": self = .float16
        case "BF16": self = .bfloat16
        case "F32": self = .float32
        case "F64": self = .float64
        default: return nil
        }
    }

    var safetensorsName: String {
        switch self {
        case .bool: "BOOL"
        case .uint8: "U8"
        case .int8: "I8"
        case .int32: "I32"
        case .int64: "I64"
        case .float16: "F16"
        case .bfloat16: "BF16"
        case .float32: "F32"
        case .float64: "F64"
        }
    }
}
