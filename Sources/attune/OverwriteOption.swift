import ArgumentParser
import Files
import Foundation
import StableDiffusion

/// `--overwrite`, for commands that write one thing.
struct OverwriteOption: ParsableArguments {
    @Flag(help: "Replace what is there already.")
    var overwrite = false
}

extension FileUse {
    /// The model that `--model` names, or the embedded one.
    mutating func reads(model: String?) throws {
        try reads(
            model.map { URL(filePath: $0) } ?? EmbeddedModel.locate(),
            model == nil ? "the embedded model" : "the model")
    }
}
