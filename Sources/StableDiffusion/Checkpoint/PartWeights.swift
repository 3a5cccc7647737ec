internal import Foundation
internal import NN
internal import Torch

/// The weights of one part of a model, under the names that the network gives them.
struct PartWeights {
    /// The file or folder that messages name.
    let origin: String
    private(set) var stored: [String: Checkpoint.Stored] = [:]
    /// The files, in the order of their names.
    let files: [URL]
    /// Whether the files, copied as they are, are what diffusers reads today without options.
    private(set) var isCurrentSpelling: Bool

    init(origin: String, files: [URL], isCurrentSpelling: Bool) {
        self.origin = origin
        self.files = files
        self.isCurrentSpelling = isCurrentSpelling
    }

    /// Takes a tensor of a file in, as the parameters that it gives.
    ///
    /// - Parameter meaning: nil for a tensor that nothing knows. It keeps its own name, so that
    ///   it is reported as unexpected once the network is built.
    mutating func insert(
        _ key: String, of file: any TensorFile, as meaning: [KeyMeaning]?
    ) throws(CheckpointError) {
        let meanings = meaning ?? [KeyMeaning(key)]
        for meaning in meanings {
            let entry = Checkpoint.Stored(file: file, key: key, transform: meaning.transform)
            if let other = stored.updateValue(entry, forKey: meaning.name) {
                throw .malformed(
                    origin, "holds \(meaning.name) twice, as \(other.key) and as \(key)")
            }
        }
        if !(file is SafetensorsFile) || meanings.count != 1 || meanings[0].name != key {
            isCurrentSpelling = false
        }
    }

    func checkpoint(
        dtype: DType, device: Device, format: MemoryFormat
    ) -> Checkpoint {
        Checkpoint(
            stored, origin: origin, dtype: dtype, device: device, format: format)
    }

    /// Sees what loading would see, for files that are copied as they are.
    ///
    /// - Throws: ``CheckpointError/notFiniteIn(file:key:)``.
    func requireFinite() throws(CheckpointError) {
        for entry in stored.sorted(by: { $0.key < $1.key }).map(\.value) {
            _ = try entry.file.finiteTensor(entry.key)
        }
    }

    /// Whether all floating-point tensors of the files are of this type.
    func isStored(as dtype: DType) -> Bool {
        stored.values.allSatisfy { entry in
            guard let found = entry.file.dtype(of: entry.key) else { return false }
            return found == dtype || !found.isFloatingPoint
        }
    }
}

/// A parameter of the network that a tensor of a file gives, and how.
struct KeyMeaning {
    let name: String
    let transform: Checkpoint.Transform

    init(_ name: String, _ transform: Checkpoint.Transform = .none) {
        self.name = name
        self.transform = transform
    }
}

/// Whether a weight is a square linear layer or the 1×1 convolution that computes the same.
func isPointwise(_ shape: [Int]) -> Bool {
    (shape.count == 2 || (shape.count == 4 && shape[2] == 1 && shape[3] == 1))
        && shape[0] == shape[1]
}
