public import Torch

/// The parameters of one network in files of tensors, by the names that the network gives them.
public final class Checkpoint: ParameterSource {
    /// A tensor of a file, and how it becomes the parameter.
    public struct Stored {
        /// Where the tensor is.
        public let file: any TensorFile
        /// Its name in that file.
        public let key: String
        /// What makes the parameter of it.
        public let transform: Transform

        /// A tensor of a file by its name there.
        public init(file: any TensorFile, key: String, transform: Transform = .none) {
            self.file = file
            self.key = key
            self.transform = transform
        }
    }

    /// What older and foreign files do differently.
    public enum Transform: Sendable {
        case none
        /// A 1×1 convolution where the network has a linear layer, or the reverse.
        case reshaped
        /// One of three equal parts of the first axis: query, key and value stored as one.
        case third(Int)
        case transposed
    }

    /// The file or folder that messages name.
    public let origin: String
    private let stored: [String: Stored]
    private let dtype: DType
    private let device: Device
    private let format: MemoryFormat
    private var used: Set<String> = []

    /// - Parameters:
    ///   - origin: the file or folder that messages name.
    ///   - stored: by the network's own names.
    ///   - format: of convolution weights; networks lay their activations out as these lie.
    ///   - device: on `meta` nothing is read but the files' headers.
    public init(
        _ stored: [String: Stored], origin: String, dtype: DType = .float32,
        device: Device = .cpu, format: MemoryFormat = .channelsLast
    ) {
        self.origin = origin
        self.stored = stored
        self.dtype = dtype
        self.device = device
        self.format = format
    }

    /// All tensors of one file under their own names.
    public convenience init(
        _ file: SafetensorsFile, dtype: DType = .float32, device: Device = .cpu,
        format: MemoryFormat = .channelsLast
    ) {
        let stored = file.keys.map { ($0, Stored(file: file, key: $0)) }
        self.init(
            Dictionary(uniqueKeysWithValues: stored), origin: file.path, dtype: dtype,
            device: device, format: format)
    }

    /// Whether the files give this parameter.
    public func has(_ name: String) -> Bool { stored[name] != nil }

    /// The parameter, in the dtype, on the device and in the memory format of this source.
    ///
    /// - Throws: ``Torch/CheckpointError`` when the files lack it, have it in another shape, or
    ///   hold values in it that are not finite.
    public func tensor(
        _ name: String, shape: [Int], _ initialization: Initialization
    ) throws(CheckpointError) -> Tensor {
        guard let entry = stored[name], let found = try contents(of: entry) else {
            throw .missing(file: origin, key: name)
        }
        let tensor = try entry.transform.apply(to: found, shape: shape, file: origin, key: name)
        guard tensor.shape == shape else {
            throw .misshapen(file: origin, key: name, expected: shape, found: tensor.shape)
        }
        used.insert(name)
        let converted = tensor.converted(
            to: dtype, device: device, format: shape.count == 4 ? format : .contiguous)
        // Of all conversions only this one can leave the range of what was finite.
        guard dtype != .float16 || tensor.dtype == .float16 || converted.isAllFinite else {
            throw .tooLarge(file: entry.file.path, key: entry.key, dtype: dtype)
        }
        return converted
    }

    private func contents(of entry: Stored) throws(CheckpointError) -> Tensor? {
        guard case .meta = device else { return try entry.file.finiteTensor(entry.key) }
        guard let shape = entry.file.shape(of: entry.key),
            let dtype = entry.file.dtype(of: entry.key)
        else { return nil }
        return Tensor.empty(shape, dtype: dtype, device: device.mainMemory)
    }

    /// Call after the network is built.
    ///
    /// - Parameter ignored: names that are no parameters, such as position ids.
    /// - Throws: `CheckpointError` when the files hold more than was used.
    public func requireAllUsed(
        ignoring ignored: (String) -> Bool = { _ in false }
    ) throws(CheckpointError) {
        let left = stored.keys.filter { !used.contains($0) && !ignored($0) }.sorted()
        if !left.isEmpty { throw .unexpected(file: origin, keys: left) }
    }
}

extension Checkpoint.Transform {
    fileprivate func apply(
        to tensor: Tensor, shape: [Int], file: String, key: String
    ) throws(CheckpointError) -> Tensor {
        switch self {
        case .none:
            return tensor
        case .transposed:
            return tensor.rank == 2
                ? tensor.transposed(0, 1).converted(format: .contiguous) : tensor
        case .reshaped:
            guard tensor.count == shape.reduce(1, *) else { return tensor }
            return tensor.reshaped(shape)
        case .third(let index):
            guard tensor.rank >= 1, tensor.size(0) % 3 == 0 else {
                throw .misshapen(file: file, key: key, expected: shape, found: tensor.shape)
            }
            let length = tensor.size(0) / 3
            return tensor.narrowed(0, start: index * length, length: length).copied()
        }
    }
}
