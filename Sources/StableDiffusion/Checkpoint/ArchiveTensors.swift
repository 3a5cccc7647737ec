internal import Foundation
internal import PyTorchArchive
internal import Torch

/// The tensors of a `.ckpt`, `.bin` or `.pt` file: those at its top, or those under `state_dict`.
///
/// The pickle in it is read as data; nothing of it is run, and what is no tensor is passed over.
final class ArchiveTensors: TensorFile {
    let path: String
    let keys: [String]
    let metadata: [String: String] = [:]
    private let stored: [String: StoredTensor]

    /// - Throws: `PyTorchArchiveError` naming the file.
    init(_ url: URL) throws(PyTorchArchiveError) {
        let archive = try PyTorchArchive(url, skippingUnknownObjects: true)
        path = archive.path
        let top = archive.value.dictionaryValue
        let state = top?["state_dict"]?.dictionaryValue ?? top
        var stored: [String: StoredTensor] = [:]
        for entry in state?.entries ?? [] {
            guard let name = entry.key.stringValue, let tensor = entry.value.tensorValue else {
                continue
            }
            stored[name] = tensor
        }
        // By its step count a reader knows what some models predict; it stands beside the weights.
        if let step = top?["global_step"]?.intValue, stored["global_step"] == nil {
            stored["global_step"] = StoredTensor(Tensor([step], shape: []))
        }
        guard !stored.isEmpty else { throw .tensorless(file: archive.path) }
        self.stored = stored
        keys = stored.keys.sorted()
    }

    func shape(of key: String) -> [Int]? { stored[key]?.shape }
    func dtype(of key: String) -> DType? { stored[key]?.dtype }
    func tensor(_ key: String) -> Tensor? { stored[key]?.tensor() }
}

/// Opens a file of tensors by what it holds, and not by its ending.
func openTensors(_ url: URL) throws -> any TensorFile {
    guard let handle = try? FileHandle(forReadingFrom: url) else { return try SafetensorsFile(url) }
    defer { try? handle.close() }
    let start = [UInt8]((try? handle.read(upToCount: 9)) ?? Data())
    // A header's length may begin as a pickle does; its JSON follows.
    let isHeader = start.count == 9 && start[8] == UInt8(ascii: "{")
    let isArchive = start.starts(with: [0x50, 0x4B]) || start.first == 0x80
    if isArchive, !isHeader { return try ArchiveTensors(url) }
    return try SafetensorsFile(url)
}
