/// A value while its pickle is being read.
///
/// Values refer to one another by number: a list may be filled after others already refer to it,
/// and a million nested ones are freed without a million nested calls.
enum PickleNode {
    case none
    case bool(Bool)
    case integer(Int)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    /// The number of the sequence of elements; a dictionary's are keys and values in turn.
    case list(Int)
    case tuple(Int)
    case dictionary(Int, isOrdered: Bool)
    /// A name of the allow-list.
    case global(String)
    /// A `torch.nn.ParameterDict` whose state is yet to come.
    case parameterDictionary
    case storage(Int)
    case tensor(Int)
    case numpyType(NumpyType)
    /// Something off the allow-list, in place of which there is only its name.
    case opaque(String)

    var isOpaque: Bool { if case .opaque = self { true } else { false } }
}

/// What a pickle says of a storage, not yet checked against the file.
struct StorageClaim {
    let type: StorageType
    let key: String
    let count: Int
    /// A part of the storage, in elements, as files before PyTorch 0.4 may have it.
    let view: (offset: Int, count: Int)?
}

/// What a pickle says of a tensor, not yet checked against its storage.
struct TensorClaim {
    let storage: Int
    let offset: Int
    let shape: [Int]
    let strides: [Int]
}
