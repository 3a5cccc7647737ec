internal import Files
internal import Foundation
internal import Yams

/// What the YAML file beside a checkpoint says: the configuration of the original code, which web
/// UIs read where it has the checkpoint's name (`model.yaml` beside `model.safetensors`).
///
/// Reference: `v1-inference.yaml` and `v2-inference-v.yaml` of the original code, and
/// `find_checkpoint_config` in A1111's `modules/sd_models_config.py`.
struct OriginalConfiguration {
    /// The file, as a path.
    let path: String
    let prediction: PredictionType
    let betaStart: Double?
    let betaEnd: Double?
    let trainingStepCount: Int?
    let scaleFactor: Double?
    let headCount: Int?
    let headWidth: Int?

    /// - Parameter contextWidth: of the checkpoint's tensors.
    /// - Returns: nil where there is no such file, or one of something else.
    /// - Throws: `ModelError` where it cannot be read, or belongs to another model.
    init?(beside checkpoint: URL, contextWidth: Int) throws {
        let url = checkpoint.deletingPathExtension().appendingPathExtension("yaml")
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        path = url.path
        func refuse(_ reason: String) -> ModelError {
            .configuration(path: url.path, reason: reason)
        }
        guard let text = String(data: try WholeFile.read(url, limit: 1 << 18), encoding: .utf8)
        else { throw refuse("it is not UTF-8 text; remove it, or save it as such") }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw refuse("it is not YAML; correct it or remove it")
        }
        guard let parameters = root?["model"]?["params"] else { return nil }
        switch parameters["parameterization"]?.string ?? "eps" {
        case "eps": prediction = .epsilon
        case "v": prediction = .vPrediction
        case "x0": prediction = .sample
        case let other:
            throw refuse("parameterization is \(other), expected eps, v or x0")
        }
        func number(_ node: Node?, _ key: String) throws -> Double? {
            guard let value = node?[key] else { return nil }
            guard let number = value.float, number.isFinite, number > 0, number < 1e6 else {
                throw refuse("\(key) is \(value.string ?? "no number"), expected a number above 0")
            }
            return number
        }
        func whole(_ node: Node?, _ key: String) throws -> Int? {
            try number(node, key).map {
                guard $0 == $0.rounded() else { throw refuse("\(key) is \($0), not whole") }
                return Int($0)
            }
        }
        betaStart = try number(parameters, "linear_start")
        betaEnd = try number(parameters, "linear_end")
        trainingStepCount = try whole(parameters, "timesteps")
        scaleFactor = try number(parameters, "scale_factor")
        let unet = parameters["unet_config"]?["params"]
        // -1 stands for "by the width of a head".
        headCount = unet?["num_heads"]?.int == -1 ? nil : try whole(unet, "num_heads")
        headWidth =
            unet?["num_head_channels"]?.int == -1 ? nil : try whole(unet, "num_head_channels")
        if let width = try whole(unet, "context_dim"), width != contextWidth {
            throw refuse(
                "it is of a model whose text is \(width) wide, and that of "
                    + "\(checkpoint.lastPathComponent) is \(contextWidth); remove it or take its own"
            )
        }
    }
}
