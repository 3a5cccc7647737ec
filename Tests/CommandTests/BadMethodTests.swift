import Foundation
import TestSupport
import Testing
import Torch

/// Wishes to the methods that leave the model as it is, and to what they have made.
@Suite struct BadMethodTests {
    private let model = Fixture.url("models/tiny-sd1").path
    private static let adapters = Fixture.url("adapters").path
    private static let embeddings = Fixture.url("textual-inversion/files").path
    private static let hypernetworks = Fixture.url("hypernetworks").path

    private func refuse(
        _ arguments: [String], model: String? = nil, naming words: [String]
    ) throws {
        let scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 2)
        try expectRefusal(
            arguments + ["--model", model ?? self.model], in: scratch, naming: words)
    }

    private static let lora = [
        "train", "lora", "--instance-data-dir", "photos", "--instance-prompt", "a robot",
        "--output-dir", "out", "--max-train-steps", "1",
    ]
    private static let inversion = [
        "train", "textual-inversion", "--train-data-dir", "photos", "--output-dir", "out",
        "--max-train-steps", "1",
    ]
    private static let hypernetwork = [
        "train", "hypernetwork", "--instance-data-dir", "photos", "--instance-prompt", "a robot",
        "--output-dir", "out", "--max-train-steps", "1",
    ]

    @Test(arguments: [
        (lora + ["--rank", "0"], ["--rank 0"]),
        (lora + ["--rank", "5000"], ["rank 5000", "use a rank of"]),
        (lora + ["--target-pattern", "nowhere"], ["nowhere", "names look like"]),
        (lora + ["--network-type", "loha", "--lora-dropout", "0.1"], ["--lora-dropout 0.1"]),
        (lora + ["--network-type", "lokr", "--format", "peft"], ["--format peft", "kohya"]),
        (
            lora + ["--text-encoder-lr", "1e-5", "--no-train-text-encoder"],
            ["--text-encoder-lr", "--train-text-encoder"]
        ),
        (
            hypernetwork + ["--text-encoder-lr", "1e-5"],
            ["--text-encoder-lr 1e-05", "does not go with hypernetwork"]
        ),
        (
            inversion + ["--placeholder-token", "<r>", "--stop-text-encoder-training", "5"],
            ["--stop-text-encoder-training 5", "does not go with textual-inversion"]
        ),
        (
            lora + ["--stop-text-encoder-training", "5", "--optimizer", "prodigy"],
            ["--stop-text-encoder-training 5", "prodigy"]
        ),
        (
            lora + ["--stop-text-encoder-training", "0"],
            ["--stop-text-encoder-training 0", "at least 1"]
        ),
        (
            lora + ["--stop-text-encoder-training", "5", "--no-train-text-encoder"],
            ["--stop-text-encoder-training 5", "--train-text-encoder"]
        ),
        (lora + ["--optimizer", "adam-and-eve"], ["--optimizer", "prodigy", "lion"]),
        (lora + ["--optimizer-args", "d_coef=2"], ["d_coef", "prodigy", "adamw"]),
        (lora + ["--optimizer-args", "speed=2"], ["speed", "weight_decay"]),
        (lora + ["--lr-warmup-steps", "120%"], ["--lr-warmup-steps"]),
        (lora + ["--learning-rate", "1e-3:10, 1e-4:5"], ["--learning-rate"]),
        (
            lora + ["--learning-rate", "1e-3:10, 1e-4", "--lr-scheduler", "cosine"],
            ["--learning-rate", "--lr-scheduler"]
        ),
        (
            lora + ["--lora-dropout", "0.1", "--gradient-checkpointing"],
            ["--gradient-checkpointing", "dropout"]
        ),
        (inversion + ["--placeholder-token", "a"], ["\"a\"", "vocabulary already"]),
        (
            inversion + ["--placeholder-token", "<r>", "--initializer-token", "a<|endoftext|>"],
            ["initializer", "vocabulary"]
        ),
        (inversion + ["--placeholder-token", " "], ["--placeholder-token", "is empty"]),
        (
            inversion + ["--placeholder-token", "<r>", "--num-vectors", "0"],
            ["--num-vectors 0"]
        ),
        (hypernetwork + ["--layer-structure", "1, 2"], ["layer structure", "1.0, 2.0"]),
        (
            hypernetwork + ["--layer-structure", "1, x"],
            ["--layer-structure \"1, x\"", "numbers with commas"]
        ),
        (
            hypernetwork + ["--activation-func", "jump"],
            ["--activation-func jump", "relu", "swish"]
        ),
        (hypernetwork + ["--dropout-structure", "0, 0.3"], ["dropout structure", "3 numbers"]),
    ])
    func training(arguments: [String], words: [String]) throws {
        try refuse(arguments, naming: words)
    }

    @Test(arguments: [
        (["convert", "--output", "out.zip"], ["out.zip"]),
        (["convert", "--output", "out", "--ema"], ["tiny-sd1", "--ema"]),
        (["lora", "add", "--lora", "x.safetensors", "--output", "o", "--rank", "0"], ["--rank 0"]),
        (["lora", "extract", "--tuned", "nowhere", "--output", "o"], ["nowhere"]),
    ])
    func conversions(arguments: [String], words: [String]) throws {
        try refuse(arguments, naming: words)
    }

    private static let generate = ["generate", "--prompt", "p", "--steps", "1", "--output", "out"]

    @Test(arguments: [
        (["--lora", "nowhere.safetensors"], ["nowhere.safetensors"]),
        (["--lora", "\(adapters)/outputs.safetensors"], ["outputs.safetensors", "holds no LoRA"]),
        (["--embedding", "\(adapters)/locon.safetensors"], ["locon.safetensors"]),
        (["--hypernetwork", "\(embeddings)/a1111.pt"], ["a1111.pt"]),
        (["--hypernetwork", "\(adapters)/locon.safetensors"], ["locon.safetensors"]),
    ])
    func filesThatAreSomethingElse(options: [String], words: [String]) throws {
        try refuse(Self.generate + options, naming: words)
    }

    /// The words that a LoRA brings along are used like embeddings that are given by themselves.
    @Test func wordsThatComeWithALoRA() throws {
        let scratch = try Scratch()
        let layer = "lora_te_text_model_encoder_layers_0_mlp_fc1"
        try SafetensorsWriter.write(
            [
                (name: "\(layer).lora_down.weight", tensor: .zeros([1, 32])),
                (name: "\(layer).lora_up.weight", tensor: .zeros([64, 1])),
                (name: "bundle_emb.robot.string_to_param.*", tensor: .zeros([1, 40])),
            ], to: scratch("words.safetensors"))
        try expectRefusal(
            Self.generate + ["--lora", "words.safetensors", "--model", model], in: scratch,
            naming: ["robot", "40 wide", "tiny-sd1"])
    }

    /// tiny-sd2 is of another width.
    @Test(arguments: [
        (["--lora", "\(adapters)/locon.safetensors"], ["locon.safetensors", "does not fit"]),
        (["--embedding", "\(embeddings)/kohya.safetensors"], ["kohya", "wide"]),
    ])
    func filesForAnotherModel(options: [String], words: [String]) throws {
        try refuse(
            Self.generate + options, model: Fixture.url("models/tiny-sd2").path, naming: words)
    }
}
