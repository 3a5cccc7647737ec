import Foundation
import NN
import PyTorchArchive
import Torch

/// The tensors of a file, by the names that ``Hypernetwork/parameters`` gives them.
struct HypernetworkTensors: ParameterSource {
    private let file: String
    private let stored: [String: StoredTensor]
    private let device: Device

    /// - Throws: ``HypernetworkError`` when the entry of a width is not a pair of states.
    init(
        _ fields: HypernetworkFields, _ widths: [Int], _ device: Device
    ) throws(HypernetworkError) {
        let file = fields.file
        var stored: [String: StoredTensor] = [:]
        var byteCount = 0
        for width in widths {
            let pair = fields.root[width]?.elements?.compactMap(\.dictionaryValue) ?? []
            guard pair.count == 2 else {
                throw .malformed(
                    file: file, entry: "\(width)", wanted: "a pair of networks, for keys and values"
                )
            }
            for (part, state) in zip(["key", "value"], pair) {
                for entry in state.entries {
                    guard let name = entry.key.stringValue, let tensor = entry.value.tensorValue,
                        tensor.dtype.isFloatingPoint
                    else {
                        throw .malformed(
                            file: file, entry: "\(width).\(part)", wanted: "weights by their names")
                    }
                    byteCount += tensor.byteCount
                    stored["\(width).\(part).\(Self.present(name))"] = tensor
                }
            }
        }
        // Many names for the same bytes could fill any memory.
        let size = try? URL(filePath: file).resourceValues(forKeys: [.fileSizeKey]).fileSize
        guard byteCount <= 4 * (size ?? 0) + (1 << 20) else {
            throw .malformed(
                file: file, entry: "its content", wanted: "weights that are named once")
        }
        self.file = file
        self.stored = stored
        self.device = device
    }

    /// The first files had two layers with names of their own.
    private static func present(_ name: String) -> String {
        switch name {
        case "linear1.weight": "linear.0.weight"
        case "linear1.bias": "linear.0.bias"
        case "linear2.weight": "linear.1.weight"
        case "linear2.bias": "linear.1.bias"
        default: name
        }
    }

    func has(_ name: String) -> Bool { stored[name] != nil }

    func tensor(
        _ name: String, shape: [Int], _ initialization: Initialization
    ) throws(CheckpointError) -> Tensor {
        guard let found = stored[name] else { throw .missing(file: file, key: name) }
        guard found.shape == shape else {
            throw .misshapen(file: file, key: name, expected: shape, found: found.shape)
        }
        return found.tensor().converted(to: .float32, device: device)
    }

    /// - Throws: ``HypernetworkError`` for a tensor that no layer took, or that is not finite.
    func requireAllUsed(_ parameters: ParameterStore) throws(HypernetworkError) {
        for name in stored.keys.sorted() where !parameters.contains(name) {
            throw .unexpected(file: file, key: name)
        }
        for (name, tensor) in parameters.entries
        where !withoutGradients({ tensor.isAllFinite }) {
            throw .notFinite(file: file, key: name)
        }
    }
}
