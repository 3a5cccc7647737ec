public import Foundation
import NN
import PyTorchArchive
public import Torch

/// A1111's `.pt` file of a hypernetwork.
///
/// Source: `Hypernetwork.load` and `Hypernetwork.save` in A1111's
/// `modules/hypernetworks/hypernetwork.py`.
public enum HypernetworkFile {
    /// Reads a file; what it does not say has the defaults that A1111 has for it.
    ///
    /// - Throws: ``HypernetworkError`` or `PyTorchArchiveError`: one sentence that names the file.
    public static func read(_ url: URL, device: Device = .cpu) throws -> Hypernetwork {
        let archive = try PyTorchArchive(url)
        let file = url.path
        guard let root = archive.value.dictionaryValue else {
            throw HypernetworkError.noNetworks(file: file)
        }
        let fields = HypernetworkFields(file: file, root: root)
        let configuration = try fields.configuration()
        let tensors = try HypernetworkTensors(fields, configuration.widths, device)
        let name = try fields.name(url.deletingPathExtension().lastPathComponent)
        let hypernetwork: Hypernetwork
        do throws(CheckpointError) {
            hypernetwork = try Hypernetwork(name: name, configuration, tensors)
        } catch {
            switch error {
            case .misshapen(let file, let key, let expected, let found):
                throw HypernetworkError.misshapen(
                    file: file, key: key, expected: expected, found: found)
            case .missing(let file, let key, _):
                throw HypernetworkError.missing(file: file, key: key)
            default: throw error
            }
        }
        try tensors.requireAllUsed(hypernetwork.parameters)
        hypernetwork.step = try fields.integer("step") ?? 0
        hypernetwork.checkpointHash = try fields.string("sd_checkpoint")
        hypernetwork.checkpointName = try fields.string("sd_checkpoint_name")
        let information = try fields.string("optional_info")
        hypernetwork.information = information?.isEmpty == true ? nil : information
        return hypernetwork
    }

    /// Writes what A1111's own saving writes, in the one form of a zip that its loader accepts.
    ///
    /// - Throws: `PyTorchArchiveError` before anything is there, where a value is not finite, or a
    ///   `FileError`.
    public static func write(_ hypernetwork: Hypernetwork, to url: URL) throws {
        let configuration = hypernetwork.configuration
        var entries: [PickleDictionary.Entry] = configuration.widths.map { width in
            (
                .int(width),
                .tuple([state(hypernetwork, width, "key"), state(hypernetwork, width, "value")])
            )
        }
        let activation = configuration.activation
        entries +=
            PickleDictionary(named: [
                ("step", .int(hypernetwork.step)),
                ("name", .string(hypernetwork.name)),
                ("layer_structure", numbers(configuration.layerStructure)),
                ("activation_func", activation == .linear ? .none : .string(activation.rawValue)),
                ("is_layer_norm", .bool(configuration.hasLayerNorm)),
                ("weight_initialization", .string(configuration.weightInitialization.rawValue)),
                ("sd_checkpoint", text(hypernetwork.checkpointHash)),
                ("sd_checkpoint_name", text(hypernetwork.checkpointName)),
                ("activate_output", .bool(configuration.activatesOutput)),
                ("use_dropout", .bool(configuration.usesDropout)),
                ("dropout_structure", numbers(configuration.dropouts)),
                ("last_layer_dropout", .bool(configuration.hasLastLayerDropout)),
                ("optional_info", text(hypernetwork.information)),
            ]).entries
        try PyTorchArchive.write(.dictionary(PickleDictionary(entries)), to: url)
    }

    private static func state(
        _ hypernetwork: Hypernetwork, _ width: Int, _ part: String
    ) -> PickleValue {
        let prefix = "\(width).\(part)."
        let entries = hypernetwork.parameters.entries.compactMap { entry in
            entry.name.hasPrefix(prefix)
                ? (
                    String(entry.name.dropFirst(prefix.count)),
                    PickleValue.tensor(StoredTensor(entry.tensor.detached()))
                ) : nil
        }
        return .dictionary(PickleDictionary(named: entries, isOrdered: true))
    }

    /// Whole numbers as such: A1111 shows the list to people.
    private static func numbers(_ values: [Double]) -> PickleValue {
        .list(values.map { value in Int(exactly: value).map { .int($0) } ?? .double(value) })
    }

    private static func text(_ value: String?) -> PickleValue {
        value.flatMap { $0.isEmpty ? nil : .string($0) } ?? .none
    }
}
