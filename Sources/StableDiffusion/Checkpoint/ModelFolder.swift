internal import Foundation

/// Opens a folder in the layout of diffusers.
enum ModelFolder {
    /// The pipelines whose parts are those of text to image.
    private static let pipelines = ["StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline"]

    /// The classes that a part may have; what else an index names is not needed here.
    private static let classes: [(part: String, names: [String])] = [
        ("unet", ["UNet2DConditionModel"]), ("vae", ["AutoencoderKL"]),
        ("text_encoder", ["CLIPTextModel"]), ("tokenizer", ["CLIPTokenizer", "CLIPTokenizerFast"]),
    ]

    static func open(_ folder: URL) throws -> ModelContents {
        let index = folder.appending(path: "model_index.json")
        guard FileManager.default.fileExists(atPath: index.path) else {
            throw ModelError.notAModel(path: folder.path, reason: whyNot(folder))
        }
        let file = try ConfigurationFile(index)
        try check(file)
        var contents = try settings(folder)
        contents.index = file
        for part in ModelPart.allCases {
            contents.weights[part] = try PartFiles.open(
                part, in: folder.appending(path: part.rawValue))
        }
        return contents
    }

    /// All but the weights.
    static func settings(_ folder: URL) throws -> ModelContents {
        func require(_ path: String, naming name: String) throws -> URL {
            let url = folder.appending(path: path)
            guard FileManager.default.fileExists(atPath: url.path) else {
                throw ModelError.missingPart(name: name, folder: folder.path)
            }
            return url
        }
        var configurations: [ModelPart: ConfigurationFile] = [:]
        for part in ModelPart.allCases {
            _ = try require(part.rawValue, naming: "\(part.rawValue)/")
            let url = try require(
                "\(part.rawValue)/config.json", naming: "\(part.rawValue)/config.json")
            configurations[part] = try ConfigurationFile(url)
        }
        _ = try require("scheduler", naming: "scheduler/")
        let scheduler = try require(
            "scheduler/scheduler_config.json", naming: "scheduler/scheduler_config.json")
        return ModelContents(
            configurations: configurations, weights: [:],
            scheduler: try ConfigurationFile(scheduler),
            tokenizerFolder: try require("tokenizer", naming: "tokenizer/"))
    }

    private static func check(_ index: ConfigurationFile) throws {
        let pipeline = index.object["_class_name"] as? String ?? "no pipeline"
        guard pipelines.contains(pipeline) else {
            throw ModelError.unsupported(path: index.path, what: "is of the class \(pipeline)")
        }
        for (part, names) in classes {
            // A part that the index leaves out is looked for all the same.
            guard let entry = index.object[part] else { continue }
            let found = (entry as? [Any])?.last as? String
            guard let found else {
                throw ModelError.configuration(
                    path: index.path, reason: "it says that the model has no \(part)")
            }
            guard names.contains(found) else {
                throw ModelError.unsupported(
                    path: index.path, what: "has a \(part) of the class \(found), not \(names[0])")
            }
        }
    }

    private static func whyNot(_ folder: URL) -> String {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let files = names.sorted().filter { name in
            [".safetensors", ".ckpt"].contains { name.lowercased().hasSuffix($0) }
        }
        if let first = files.first {
            return "the folder has no model_index.json; if \(first) is a whole model, give the "
                + "file itself"
        }
        if names.contains("snapshots") {
            return "it is a folder of the Hugging Face cache; give the folder below snapshots/"
        }
        return "the folder has no model_index.json"
    }
}
