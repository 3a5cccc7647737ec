import Foundation
import Imaging
import Painting
import StableDiffusion
import TestSupport
import Testing

/// What a run wrote down before it began, and what may become of it.
@Suite struct ManifestTests {
    private var mixed: PictureList {
        let prompts = ["a red robot", "a (blue:1.2) robot", "a red robot", "one AND two", "long"]
        return PictureList(
            prompts.enumerated().map { index, prompt in
                var settings = smallSettings(prompt)
                settings.promptSyntax = settings.suitedSyntax
                if index > 2 { settings.stepCount = 3 }
                if prompt == "long" {
                    settings.prompt = String(repeating: "a robot, ", count: 60)
                    settings.promptSyntax = .a1111
                }
                if index == 0 { settings.sampler = .eulerAncestral }
                var picture = PictureRequest(settings, seed: .max - UInt64(index))
                picture.template = index == 1 ? "{a|b}" : nil
                return picture
            }, title: "mixed")
    }

    @Test func roundTrip() throws {
        let folder = try ScratchFolder()
        let run = try tinyRun(mixed, in: folder)
        let read = try PictureManifest(folder("manifest-0000.jsonl"))
        #expect(read == run.file.manifest)
        #expect(read.difference(from: mixed) == nil)
        var other = mixed
        other.pictures[3].settings.guidanceScale = 3
        #expect(read.difference(from: other)?.contains("guidance scale") == true)
        other.pictures.removeLast()
        #expect(read.difference(from: other)?.contains("5 pictures, and 4") == true)
    }

    /// Pictures of different prompts that are painted at once are those that are painted alone.
    @Test func mixedBatches() throws {
        var list = mixed
        for prompt in ["a robot", "a red duck", "a [blue] lamp", "(x:0.5) y"] {
            var settings = smallSettings(prompt)
            settings.promptSyntax = .a1111
            settings.negativePrompt = prompt + " not"
            list.pictures.append(PictureRequest(settings, seed: 9))
        }
        let (together, alone) = (try ScratchFolder(), try ScratchFolder())
        try tinyRun(list, in: together, batchSize: 4).paint()
        try tinyRun(list, in: alone, batchSize: 1).paint()
        for name in try alone.names() where name.hasPrefix("0") {
            let pictures = try [together, alone].map { try PhotoReader.read($0(name)) }
            #expect(pictures[0].pixels == pictures[1].pixels, "\(name)")
            let texts = try [together, alone].map {
                try PNGText.value("parameters", of: $0(name))
            }
            #expect(texts[0] == texts[1])
        }
        #expect(try together.names() == alone.names())
        let text = try PNGText.value("parameters", of: alone("00001-\(UInt64.max - 1).png"))
        #expect(text?.contains("Template: {a|b}") == true)
    }

    /// Each picture has the files that its prompt asks for, whatever was painted before it.
    @Test func filesOfPrompts() throws {
        let (folder, files) = (try ScratchFolder(), try ScratchFolder())
        _ = try files.lora("robot")
        _ = try files.hypernetwork("glow")
        let folders = OverlayFolders(lora: files.url, hypernetworks: files.url)
        let prompts = [
            "a robot", "a robot <lora:robot:1>", "a robot <hypernet:glow:1>", "a robot",
            "a robot <lora:robot:0.5> <hypernet:glow:1>", "a robot <lora:robot:1>",
        ]
        func list(_ prompts: [String]) -> PictureList {
            PictureList(
                prompts.map { prompt in
                    var settings = smallSettings(prompt)
                    settings.promptSyntax = .a1111
                    return PictureRequest(settings, seed: 5)
                }, title: "")
        }
        let run = try tinyRun(list(prompts), in: folder, folders: folders)
        #expect(run.file.manifest.tools.additions.isEmpty)
        #expect(run.session.additions().map(\.strength) == [1, 1, 0.5])
        try run.paint()
        func pixels(_ folder: ScratchFolder, _ index: Int) throws -> [UInt8] {
            try PhotoReader.read(folder("0000\(index)-5.png")).pixels
        }
        #expect(try pixels(folder, 0) == pixels(folder, 3))
        #expect(try pixels(folder, 1) == pixels(folder, 5))
        for (index, prompt) in prompts.enumerated() {
            let alone = try ScratchFolder()
            try tinyRun(list([prompt]), in: alone, folders: folders).paint()
            #expect(try pixels(folder, index) == pixels(alone, 0), "\(prompt)")
        }
        let text = try PNGText.value("parameters", of: folder("00003-5.png"))
        #expect(text?.contains("hashes") == false)
    }

    @Test func damagedManifests() throws {
        let folder = try ScratchFolder()
        _ = try tinyRun(mixed, in: folder)
        let url = folder("manifest-0000.jsonl")
        let text = try String(contentsOf: url, encoding: .utf8)
        let lines = text.split(separator: "\n").map(String.init)
        func expect(_ text: String, _ words: String) throws {
            try Data(text.utf8).write(to: url)
            let error = #expect(throws: ManifestError.self) { try PictureManifest(url) }
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        }
        try expect("", "first line")
        try expect("hello", "first line")
        try expect(text.replacing("\"version\":1", with: "\"version\":7"), "version 7")
        try expect(lines.dropLast().joined(separator: "\n"), "it has 4 pictures")
        try expect(text.replacing("\"seed\":18446744073709551612", with: "\"seed\":-4"), "line 5")
        for bad in [
            "../evil.png", "/etc/evil.png", ".hidden.png", "evil.sh", "a\\u0000.png",
            "sub/\u{301}x.png",
        ] {
            let name = String(lines[1].prefix(60)).split(separator: "\"")[3]
            try expect(text.replacing("\"\(name)\"", with: "\"\(bad)\""), "no name of a picture")
        }
        let names = lines.dropFirst().map { String($0.split(separator: "\"")[3]) }
        try expect(text.replacing("\"\(names[0])\"", with: "\"\(names[1])\""), "one name")
        try expect(
            text.replacing("\"count\":5,\"first\":0", with: "\"count\":9,\"first\":0"), "it has not"
        )
        try expect(
            text.replacing("\"sampler\":\"euler\"", with: "\"sampler\":\"eulr\""), "eulr")
        #expect(throws: ManifestError.none(folder: folder.url.path)) {
            try FileManager.default.removeItem(at: url)
            _ = try ManifestFile.open(folder.url)
        }
    }

    /// The short way that programs take gives the same.
    @Test func listInAFolder() throws {
        let (folder, other) = (try ScratchFolder(), try ScratchFolder())
        do {
            let run = try PaintingRun(
                try tinyPipeline(), smallList(3), in: folder("new/folder"), batchSize: 2)
            #expect(try run.paint().pictureCount == 3)
        }
        try tinyRun(smallList(3), in: other, batchSize: 2).paint()
        let name = "00001-6.png"
        #expect(
            try PhotoReader.read(folder("new/folder/\(name)")).pixels
                == PhotoReader.read(other(name)).pixels)
        let file = try ManifestFile.open(folder("new/folder"))
        #expect(file.missing().isEmpty)
        #expect(file.manifest.tools.precision == "fp32" && file.manifest.tools.seed == 5)
    }
}
