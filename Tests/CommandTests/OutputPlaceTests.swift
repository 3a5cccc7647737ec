import Files
import Foundation
import TestSupport
import Testing

/// Outputs that are, hold or lie in what is read: each is refused before anything is read.
@Suite struct OutputPlaceTests {
    private let scratch: Scratch
    private static let photos = ["--instance-data-dir", "photos"]
    private static let prompt = ["--instance-prompt", "a photo of sks robot"]
    private static let steps = ["--max-train-steps", "1"]

    init() throws {
        scratch = try Scratch()
        let manager = FileManager.default
        try scratch.copy("models/tiny-sd1", as: "m")
        try writePhotos(in: scratch("photos"), count: 1)
        for folder in ["masks", "work/below"] {
            try manager.createDirectory(at: scratch(folder), withIntermediateDirectories: true)
        }
        for file in ["a.safetensors", "b.safetensors", "words.pt", "work/notes.txt", "prompts"] {
            try Data("{} there".utf8).write(to: scratch(file))
        }
        try manager.linkItem(at: scratch("a.safetensors"), to: scratch("hard.safetensors"))
        let links = [
            ("also", "m"), ("work/up", ".."), ("soft.safetensors", "a.safetensors"),
            ("later", "m/new"),
        ]
        for (link, target) in links {
            try manager.createSymbolicLink(
                atPath: scratch(link).path, withDestinationPath: target)
        }
        try Data(
            """
            - instance-data-dir: photos
              instance-prompt: a photo of sks robot
            - instance-data-dir: work/below
              instance-prompt: a photo of zwx duck
            """.utf8
        ).write(to: scratch("subjects.yaml"))
    }

    private static func train(_ method: String, to output: String, _ more: [String] = [])
        -> [String]
    {
        ["train", method, "--model", "m", "--output-dir", output] + photos + steps
            + (method == "textual-inversion" ? ["--placeholder-token", "<x>"] : prompt) + more
    }

    private func refuse(
        _ arguments: [String], _ words: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try expectRefusal(
            arguments, in: scratch, naming: words, sourceLocation: sourceLocation)
        #expect(
            FileManager.default.contentsEqual(
                atPath: scratch("m").path, andPath: Fixture.url("models/tiny-sd1").path),
            "the model is another one", sourceLocation: sourceLocation)
    }

    @Test(arguments: ["dreambooth", "lora", "textual-inversion", "hypernetwork"])
    func trainingIntoItsModelOrPhotos(method: String) throws {
        try refuse(Self.train(method, to: "m"), ["--output-dir m", "it is the model"])
        try refuse(
            Self.train(method, to: "photos/new"),
            ["--output-dir photos/new", "inside the folder of the photos"])
        try refuse(Self.train(method, to: "."), ["--output-dir .", "it holds the model"])
    }

    @Test(arguments: [
        "m/", "./m", "also", "work/up/m", "work/../m", "m/unet/..", "work/up/work/up/also/",
    ])
    func whateverTheModelIsCalled(name: String) throws {
        try refuse(Self.train("lora", to: name), ["--output-dir \(name)", "it is the model"])
    }

    @Test(arguments: ["m/unet", "m/new/deeper", "also/new", "later", "later/deeper"])
    func whateverLiesInTheModel(name: String) throws {
        try refuse(Self.train("lora", to: name), ["--output-dir \(name)", "inside the model"])
    }

    @Test func trainingIntoOtherInputs() throws {
        try refuse(
            Self.train("lora", to: "masks", ["--masked-loss", "--mask-dir", "masks"]),
            ["--output-dir masks", "masks"])
        let prior = ["--with-prior-preservation", "--class-prompt", "a robot", "--class-data-dir"]
        try refuse(
            Self.train("lora", to: "out", prior + ["m/class"]),
            ["--class-data-dir m/class", "inside the model"])
        try refuse(
            Self.train("lora", to: "out", prior + ["out"]),
            ["--output-dir out", "it is the folder of the class pictures"])
        try refuse(
            Self.train("lora", to: "out", prior + ["out/validation/class"]),
            ["--output-dir out", "it holds the folder of the class pictures"])
        try refuse(
            Self.train("lora", to: "out", ["--logging-dir", "../photos"]),
            ["--logging-dir ../photos", "photos"])
        try refuse(
            Self.train(
                "lora", to: "out/checkpoint-1/new",
                [
                    "--resume-from-checkpoint", "./out/checkpoint-1",
                ]), ["--output-dir out/checkpoint-1/new", "checkpoint to go on from"])
        try refuse(
            [
                "train", "lora", "--model", "m", "--subjects", "subjects.yaml", "--output-dir",
                "work/below",
            ] + Self.steps, ["--output-dir work/below", "it is the folder of the photos"])
    }

    /// The link of a result's name leads to the model.
    @Test func aResultThatIsALinkToTheModel() throws {
        try FileManager.default.createDirectory(
            at: scratch("out"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: scratch("out/out.safetensors").path, withDestinationPath: "../a.safetensors")
        var arguments = Self.train("lora", to: "out", ["--overwrite"])
        arguments[3] = "a.safetensors"
        try refuse(arguments, ["--output-dir out", "it is the model"])
    }

    @Test func theEmbeddedModelIsReadToo() throws {
        let model = try Self.embedded()
        let output = model.appending(path: "unet").path
        let arguments = Self.train("lora", to: output).filter { $0 != "--model" && $0 != "m" }
        try refuse(arguments, ["--output-dir \(output)", "inside the embedded model"])
        try refuse(
            ["lora", "merge", "--lora", "a.safetensors", "--output", model.path],
            ["--output \(model.path)", "it is the embedded model"])
    }

    @Test(arguments: [
        (["merge", "--lora", "a.safetensors", "--output", "m"], "it is the model"),
        (["merge", "--lora", "a.safetensors", "--output", "later"], "inside the model"),
        (["merge", "--lora", "a.safetensors", "--output", "work/up"], "it holds the model"),
        (["merge", "--lora", "a.safetensors", "--output", "a.safetensors"], "it is the LoRA"),
        (
            ["add", "--lora", "b.safetensors", "a.safetensors:0.5", "--output", "a.safetensors"],
            "it is the LoRA"
        ),
        (
            [
                "resize", "--rank", "2", "--lora", "a.safetensors:0.5", "--output",
                "hard.safetensors",
            ],
            "it is the LoRA"
        ),
        (
            ["resize", "--rank", "2", "--lora", "a.safetensors", "--output", "soft.safetensors"],
            "it is the LoRA"
        ),
        (
            ["extract", "--tuned", "a.safetensors", "--output", "m/x.safetensors"],
            "inside the model"
        ),
        (
            ["extract", "--tuned", "a.safetensors", "--output", "a.safetensors"],
            "it is the tuned model"
        ),
    ])
    func lora(arguments: [String], words: String) throws {
        for more in [[], ["--overwrite"]] {
            try refuse(
                ["lora"] + arguments + ["--model", "m"] + more,
                ["--output \(arguments.last ?? "")", words])
        }
    }

    @Test(arguments: [
        (["convert", "--model", "m", "--output", "also"], "it is the model"),
        (["convert", "--model", "m", "--output", "m/m.safetensors"], "inside the model"),
        (
            ["convert", "--model", "a.safetensors", "--output", "hard.safetensors"],
            "it is the model"
        ),
        (["convert", "--model", "m", "--output", "."], "it holds the model"),
        (
            ["generate", "--prompt", "p", "--model", "m", "--output", "also/new"],
            "inside the model"
        ),
        (
            ["inspect", "data", "photos", "--contact-sheet", "photos/sheet.png"],
            "inside the folder of the photos"
        ),
    ])
    func others(arguments: [String], words: String) throws {
        let output = arguments.suffix(2).joined(separator: " ")
        try refuse(arguments, [output, words])
    }

    @Test func demoAndCompare() throws {
        try refuse(
            ["demo", "--model", "m", "--photos", "photos", "--output", "photos/demo"],
            ["--output photos/demo", "inside the folder of the photos"])
        try refuse(
            [
                "demo", "--model", "m", "--photos", "photos", "--held-out", "work", "--output",
                "work",
            ],
            ["--output work", "it is the folder of the held-out photos"])
        let compare = [
            "compare", "--model", "m", "--class-prompt", "a photo of a robot", "--output-dir",
        ]
        try refuse(
            compare + ["m/compare"] + Self.photos + Self.prompt,
            ["--output-dir m/compare", "inside the model"])
        try refuse(
            compare + ["work"] + Self.photos + Self.prompt + ["--held-out-dir", "work/below"],
            ["--output-dir work", "it holds the folder of the held-out photos"])
    }

    /// What people do and may do: a folder above for class pictures, a folder beside the photos.
    @Test func whatARunKeepsInItsFolderMayBeThere() throws {
        let first = try Command.run(
            Self.train(
                "lora", to: "work/run",
                [
                    "--with-prior-preservation", "--class-prompt", "a robot", "--class-data-dir",
                    "work/run/class", "--num-class-images", "1", "--class-image-steps", "1",
                    "--checkpointing-steps", "1", "--rank", "2", "--report-to", "none",
                ]), in: scratch.url)
        #expect(first.status == 0, "\(first.errors)")
        #expect(try scratch.listing().contains("work/run/run.safetensors"))
        // The run's own settings and checkpoint.
        let second = try Command.run(
            [
                "train", "--config", "work/run/run.yaml", "--max-train-steps", "2",
                "--resume-from-checkpoint", "work/run/checkpoint-1",
            ], in: scratch.url)
        #expect(second.status == 0, "\(second.errors)")
    }

    /// Pictures beside the LoRA that they were painted with.
    @Test func paintingBesideWhatIsLaidOver() throws {
        let outcome = try Command.run(
            [
                "generate", "--prompt", "p", "--model", "m", "--steps", "1", "--output", ".",
                "--seed", "1",
            ], in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(try scratch.listing().contains("00000-1.png"))
    }

    private static func embedded() throws -> URL {
        var folder = URL(filePath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let model = folder.appending(path: "Models/miniature")
            if FileManager.default.fileExists(atPath: model.path) { return model }
        }
        throw Command.NotBuilt()
    }
}
