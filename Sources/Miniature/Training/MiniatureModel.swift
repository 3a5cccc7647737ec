public import Foundation
import Files
import NN
public import StableDiffusion
public import Torch

/// The folder in which the embedded model grows, part by part, in the diffusers layout.
public struct MiniatureFolder: Sendable {
    /// The folder.
    public let url: URL
    /// The unfinished states, from which training goes on.
    public var work: URL { url.appending(path: "work") }

    /// Makes the folder where it is missing; that of unfinished states comes with the first one.
    public init(_ url: URL) throws {
        self.url = url
        try Folder.create(url)
    }

    /// The tokenizer that was trained on the captions.
    public func tokenizer() throws -> CLIPTokenizer {
        try CLIPTokenizer(directory: url.appending(path: "tokenizer"))
    }

    func read<Value: Decodable>(_ path: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(contentsOf: url.appending(path: path)))
    }

    func write(_ value: some Encodable, _ path: String, adding extra: [String: Any] = [:]) throws {
        let encoded = try JSONSerialization.jsonObject(with: JSONEncoder().encode(value))
        var object = encoded as? [String: Any] ?? [:]
        object.merge(extra) { $1 }
        try write(json: object, path)
    }

    func write(json: [String: Any], _ path: String) throws {
        let target = url.appending(path: path)
        try Folder.create(target.deletingLastPathComponent())
        let data = try JSONSerialization.data(
            withJSONObject: json, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        try AtomicFile.write(data + Data("\n".utf8), to: target)
    }

    func write(_ parameters: [(name: String, tensor: Tensor)], _ path: String) throws {
        let target = url.appending(path: path)
        try Folder.create(target.deletingLastPathComponent())
        try SafetensorsWriter.write(parameters, to: target, dtype: .float16)
    }

    /// The whole CLIP, text and pictures, in fp32.
    public func clip(device: Device) throws -> CLIPModel {
        let file = try SafetensorsFile(url.appending(path: "clip/model.safetensors"))
        return try CLIPModel(
            read("clip/config.json"),
            Checkpoint(file, device: device, format: device.trainingFormat))
    }

    /// The autoencoder, in fp32.
    public func autoencoder(device: Device) throws -> Autoencoder {
        let file = try SafetensorsFile(
            url.appending(path: "vae/diffusion_pytorch_model.safetensors"))
        return try Autoencoder(
            read("vae/config.json"),
            Checkpoint(file, device: device, format: device.trainingFormat))
    }
}

/// Ids of texts as one tensor.
public func tokenIDs(_ texts: [String], _ tokenizer: CLIPTokenizer, device: Device) -> Tensor {
    let rows = texts.map { tokenizer.tokenIDs($0) }
    return Tensor(
        rows.flatMap { $0 }, shape: [texts.count, rows.first?.count ?? 0], device: device)
}
