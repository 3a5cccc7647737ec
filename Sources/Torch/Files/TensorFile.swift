/// A file of named tensors of any format, read without running anything of it.
public protocol TensorFile: AnyObject {
    /// The file, as a path.
    var path: String { get }
    /// The names of the tensors, sorted.
    var keys: [String] { get }
    /// What the file says besides, by name; empty where the format has no place for it.
    var metadata: [String: String] { get }
    /// The size of every axis of a tensor; nil when there is no such key. Reads no elements.
    func shape(of key: String) -> [Int]?
    /// The type of a tensor's elements; nil when there is no such key.
    func dtype(of key: String) -> DType?
    /// A copy of one tensor on the CPU, in the dtype of the file; nil when there is no such key.
    func tensor(_ key: String) -> Tensor?
}

extension TensorFile {
    /// As ``tensor(_:)``, for weights that are computed with.
    ///
    /// - Throws: ``CheckpointError/notFiniteIn(file:key:)`` where an element is infinite or not a
    ///   number.
    public func finiteTensor(_ key: String) throws(CheckpointError) -> Tensor? {
        guard let tensor = tensor(key) else { return nil }
        guard tensor.isAllFinite else { throw .notFiniteIn(file: path, key: key) }
        return tensor
    }
}

extension SafetensorsFile: TensorFile {
    /// What stands under `__metadata__`.
    public var metadata: [String: String] { header.metadata }
    /// The size of every axis of a tensor; nil when there is no such key.
    public func shape(of key: String) -> [Int]? { header.entries[key]?.shape }
    /// The type of a tensor's elements; nil when there is no such key.
    public func dtype(of key: String) -> DType? { header.entries[key]?.dtype }
}
