import Foundation
import Imaging
import TestSupport
import Testing
import Torch

/// Wishes that cannot be fulfilled: each is refused in one sentence before anything is written.
@Suite struct BadOptionTests {
    private let model = Fixture.url("models/tiny-sd1").path

    private func refuseToGenerate(_ options: [String], naming words: [String]) throws {
        let scratch = try Scratch()
        try expectRefusal(
            ["generate", "--model", model, "--prompt", "p", "--output", "out"] + options,
            in: scratch, naming: words)
    }

    private func refuseToTrain(
        _ options: [String], naming words: [String], photoCount: Int = 2
    ) throws {
        let scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: photoCount)
        try expectRefusal(Self.training(model: model) + options, in: scratch, naming: words)
    }

    static func training(model: String) -> [String] {
        [
            "train", "dreambooth", "--model", model, "--instance-data-dir", "photos",
            "--instance-prompt", "a photo of sks robot", "--output-dir", "out",
            "--max-train-steps", "1",
        ]
    }

    @Test(arguments: [
        (["--width", "60"], ["--width 60", "multiple of 8", "56", "64"]),
        (["--height", "100"], ["--height 100", "multiple of 8"]),
        (["--height", "0"], ["--height 0"]),
        (["--width", "9223372036854775800"], ["--width 9223372036854775800", "at most 16384"]),
        (["--steps", "0"], ["--steps 0"]),
        (["--steps", "1001"], ["--steps 1001"]),
        (["--count", "0"], ["--count 0"]),
        (["--count", "9223372036854775807"], ["--count 9223372036854775807", "1 to 100000."]),
        (["--count", "9223372036854775808"], ["--count", "9223372036854775808"]),
        (["--width", "9223372036854775807"], ["--width 9223372036854775807", "at most"]),
        (["--height", "9223372036854775800"], ["--height 9223372036854775800", "at most"]),
        (["--width", "-9223372036854775808"], ["--width -9223372036854775808", "8 or 16"]),
        (["--width", "0"], ["--width 0", "8 or 16"]),
        (["--steps", "9223372036854775807"], ["--steps 9223372036854775807"]),
        (["--steps", "-1"], ["--steps -1"]),
        (["--batch-size", "-1"], ["--batch-size -1"]),
        (["--guidance-scale", "inf"], ["--guidance-scale inf"]),
        (["--guidance-scale", "-1"], ["--guidance-scale -1"]),
        (["--clip-skip", "-9223372036854775808"], ["--clip-skip -9223372036854775808"]),
        (["--seed", "-2"], ["--seed", "-2"]),
        (["--seed", "18446744073709551616"], ["--seed", "18446744073709551616"]),
        (["--batch-size", "0"], ["--batch-size 0"]),
        (["--guidance-scale", "nan"], ["--guidance-scale"]),
        (["--clip-skip", "4"], ["--clip-skip 4", "1 to 3"]),
        (["--precision", "fp8"], ["fp8", "--precision", "bf16"]),
        (["--device", "cuda:99"], ["--device cuda:99", "--device cpu"]),
        (["--device", "tpu"], ["--device tpu", "cuda:N"]),
        (["--no-such-option"], ["--no-such-option"]),
    ])
    func generate(options: [String], words: [String]) throws {
        try refuseToGenerate(options, naming: words)
    }

    @Test func unknownSamplerListsThoseThereAre() throws {
        try refuseToGenerate(
            ["--sampler", "heunish"],
            naming: [
                "--sampler heunish", "ddpm", "ddim", "pndm", "euler", "euler-ancestral", "dpm++-2m",
            ])
    }

    @Test(
        .enabled(if: Device.cudaCount == 0, "this machine has an NVIDIA GPU"),
        arguments: ["cuda", "cuda:0"])
    func deviceThatIsNotThere(device: String) throws {
        try refuseToGenerate(
            ["--device", device], naming: ["--device \(device)", "no NVIDIA GPU"])
        try refuseToTrain(["--device", device], naming: ["--device \(device)", "no NVIDIA GPU"])
    }

    @Test(arguments: [
        (["--resolution", "60"], ["--resolution 60", "divisible by 8"]),
        (["--with-prior-preservation"], ["--with-prior-preservation", "--class-data-dir"]),
        (
            ["--with-prior-preservation", "--class-data-dir", "class"],
            ["--with-prior-preservation", "--class-prompt"]
        ),
        (
            [
                "--with-prior-preservation", "--class-prompt", "a robot", "--class-data-dir",
                "photos",
            ], ["--class-data-dir photos", "--instance-data-dir"]
        ),
        (["--output-dir", "photos"], ["--output-dir photos"]),
        (["--train-batch-size", "0"], ["--train-batch-size 0"]),
        (["--max-train-steps", "0"], ["--max-train-steps 0"]),
        (["--learning-rate", "0"], ["--learning-rate"]),
        (["--snr-gamma", "0"], ["--snr-gamma"]),
        (["--lr-scheduler", "stairs"], ["stairs", "--lr-scheduler", "cosine"]),
        (["--lr-scheduler", "linear", "--lr-warmup-steps", "5"], ["--lr-warmup-steps 5"]),
        (["--resume-from-checkpoint", "checkpoint-7"], ["checkpoint-7"]),
        (["--instance-data-dir", "nowhere"], ["nowhere"]),
        (["--mixed-precision", "int8"], ["int8", "--mixed-precision"]),
    ])
    func train(options: [String], words: [String]) throws {
        try refuseToTrain(options, naming: words)
    }

    @Test func folderWithoutPhotos() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(
            at: scratch("photos"), withIntermediateDirectories: true)
        try expectRefusal(
            Self.training(model: model), in: scratch, naming: [scratch("photos").path, "no photos"])
        try Data("not a picture".utf8).write(to: scratch("photos/note.jpg"))
        try expectRefusal(
            Self.training(model: model), in: scratch,
            naming: [scratch("photos").path, "not a picture"])
    }

    @Test func photoThatIsDamagedOrTiny() throws {
        let scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 2)
        let whole = try Data(contentsOf: scratch("photos/1.png"))
        try whole.prefix(whole.count / 2).write(to: scratch("photos/1.png"))
        try expectRefusal(Self.training(model: model), in: scratch, naming: ["1.png"])
        try PNGWriter.write(
            PixelImage(width: 8, height: 8, filledWith: .white), to: scratch("photos/1.png"))
        try expectRefusal(Self.training(model: model), in: scratch, naming: ["1.png", "8"])
    }

    @Test func folderOfAnEarlierRun() throws {
        let scratch = try Scratch()
        try writePhotos(in: scratch("photos"), count: 2)
        try FileManager.default.createDirectory(
            at: scratch("out/checkpoint-3"), withIntermediateDirectories: true)
        try expectRefusal(
            Self.training(model: model), in: scratch,
            naming: ["--output-dir out", "checkpoint-3", "--resume-from-checkpoint"])
    }
}

/// Photos of random dots.
func writePhotos(in folder: URL, count: Int) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for index in 0..<count {
        let dots = Tensor.randint(0..<256, [64, 64, 3], generator: Generator(seed: UInt64(index)))
        let picture = PixelImage(
            width: 64, height: 64, pixels: dots.cast(to: .uint8).unsignedBytes())
        try PNGWriter.write(picture, to: folder.appending(path: "\(index).png"))
    }
}
