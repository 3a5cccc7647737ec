import ArgumentParser
import Files
import Foundation
import StableDiffusion
import Torch

/// `attune convert`
struct ConvertCommand: ParsableCommand {
    /// What weights are stored in.
    enum Precision: String, ExpressibleByArgument, CaseIterable {
        case fp32, fp16, bf16

        var dtype: DType {
            switch self {
            case .fp32: .float32
            case .fp16: .float16
            case .bf16: .bfloat16
            }
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Write a model as a folder or as a single file.",
        discussion: """
            A single file has the names of the original code, as A1111 and ComfyUI read them. It \
            carries neither configuration nor tokenizer; a folder has both. Only the three \
            networks are written: averages, optimizer states and buffers are left behind.
            """)

    @Option(help: "A diffusers folder, or a .safetensors or .ckpt file.")
    var model: String

    @Option(help: "A folder, or a file that ends in .safetensors.")
    var output: String

    @Flag(
        help: "Take the averaged weights of a single file's U-Net (model_ema) for the plain ones.")
    var ema = false

    @Option(help: "What weights are stored in.")
    var precision = Precision.fp32

    @Option(help: "What the model predicts: epsilon or v_prediction (default: as it says).")
    var predictionType: PredictionType?

    @OptionGroup var overwriting: OverwriteOption

    func run() throws {
        let (from, to) = (URL(filePath: model), URL(filePath: output))
        let overwrite = overwriting.overwrite
        var use = FileUse()
        try use.reads(model: model)
        use.writes(to, "--output \(output)")
        try use.check()
        let form = try ModelForm(of: to, convertedFrom: from)
        switch form {
        case .folder:
            use.writes(
                folder: to, "--output \(output)", entries: ModelWriter.entries,
                overwriting: overwrite)
        case .singleFile: use.writes(file: to, "--output \(output)", overwriting: overwrite)
        }
        try use.check()
        let source = try ModelSource(from, predictionOverride: predictionType, usesEMA: ema)
        let wording = Wording(Self.self)
        for notice in source.notices { print("Note: \(wording.sentence(notice))") }
        switch form {
        case .folder:
            try ModelWriter.write(
                to: to, source: source, dtype: precision.dtype, replacing: overwrite)
        case .singleFile:
            for file in try SingleFileWriter.wordFiles(beside: to, of: source) {
                use.writes(
                    file: file, "\(file.lastPathComponent), the file of a word,",
                    overwriting: overwrite)
            }
            try use.check()
            let words = try SingleFileWriter.write(
                to: to, source: source, dtype: precision.dtype, replacing: overwrite)
            if !words.isEmpty {
                print(
                    "Note: a single file has no place for added words, so each is an embedding "
                        + "beside it; web UIs know it in prompts by the name of its file: "
                        + "\(words.map(\.lastPathComponent).joined(separator: ", ")).")
            }
            if ![768, 1024].contains(source.unetConfiguration.crossAttentionWidth) {
                print(
                    "Note: it has the sizes of no published model, so programs need a "
                        + "configuration besides the file to read it.")
            }
        }
        print("The model is in \(output)")
    }
}
