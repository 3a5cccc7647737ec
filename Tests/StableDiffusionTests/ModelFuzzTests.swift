import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Model folders with damaged configurations and vocabularies give an error or a picture, never a crash.
///
/// Every JSON file of a tiny model, and its list of merges, is the start of mutations that are the same in every run. With
/// `ATTUNE_FUZZ_SECONDS` set they go on for that long; the seed is printed, and `ATTUNE_FUZZ_SEED`
/// repeats a run. The folder that is being read is left in the temporary folder when the process
/// ends in it.
@Suite struct ModelFuzzTests {
    private static let files = [
        "model_index.json", "unet/config.json", "vae/config.json", "text_encoder/config.json",
        "scheduler/scheduler_config.json", "tokenizer/tokenizer_config.json",
        "tokenizer/special_tokens_map.json", "tokenizer/vocab.json",
        "tokenizer/merges.txt", "tokenizer/tokenizer.json",
    ]
    private static let seconds = ProcessInfo.processInfo.environment["ATTUNE_FUZZ_SECONDS"]
        .flatMap(Double.init)

    /// What a value may become: the edges of numbers, and every other kind.
    private static let values = [
        "0", "-1", "1", "2", "3", "7", "1000001", "9223372036854775807", "-9223372036854775808",
        "0.5", "1e308", "-1e-308", "NaN", "Infinity", "-Infinity", "null", "true", "false", "\"\"",
        "\"x\"", "\"sample\"", "\"trailing\"", "\"UniPCMultistepScheduler\"", "[]", "[0]",
        "[-1, 3]",
        "[8, 8, 8, 8]", "{}", "{\"content\": \"\"}", "[null]", "[[[[1]]]]",
    ]

    private final class Model {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "fuzz-\(UUID().uuidString)")

        init() throws {
            try FileManager.default.copyItem(at: Fixture.url("models/tiny-sd1"), to: url)
        }

        /// Puts the two tables of the tokenizer into one file, as newer programs do.
        func useOneTokenizerFile() throws {
            let folder = url.appending(path: "tokenizer")
            let tables = ["vocab.json", "merges.txt"].map { folder.appending(path: $0) }
            let merges = try String(contentsOf: tables[1], encoding: .utf8)
                .split(separator: "\n").filter { !$0.hasPrefix("#version") }.map(String.init)
            let content: [String: Any] = [
                "model": [
                    "vocab": try JSONSerialization.jsonObject(with: Data(contentsOf: tables[0])),
                    "merges": merges,
                ],
                "added_tokens": [["id": 1, "content": "<|endoftext|>", "special": true]],
            ]
            let text = String(
                decoding: try JSONSerialization.data(
                    withJSONObject: content, options: [.prettyPrinted, .sortedKeys]),
                as: UTF8.self)
            try Data(text.replacing("\" : ", with: "\": ").utf8)
                .write(to: folder.appending(path: "tokenizer.json"))
            for table in tables { try FileManager.default.removeItem(at: table) }
        }

        deinit { try? FileManager.default.removeItem(at: url) }
    }

    /// One value of one file changed, or one key left out.
    @Test(arguments: files) func singleValues(file: String) throws {
        let model = try Model()
        if file == "tokenizer/tokenizer.json" { try model.useOneTokenizerFile() }
        let text = try String(contentsOf: model.url.appending(path: file), encoding: .utf8)
        var dice = Dice(state: UInt64(file.utf8.count))
        for _ in 0..<20 {
            let damaged = Self.damaged(text, &dice)
            try exhaust(model, file, damaged)
        }
        try exhaust(model, file, text)
    }

    @Test(.enabled(if: seconds != nil, "only `make fuzz` sets ATTUNE_FUZZ_SECONDS"))
    func forAsLongAsAsked() throws {
        let end = ContinuousClock.now + .seconds(Self.seconds ?? 0)
        let asked = ProcessInfo.processInfo.environment["ATTUNE_FUZZ_SEED"].flatMap(UInt64.init)
        let seed = asked ?? .random(in: .min ... .max)
        print("ATTUNE_FUZZ_SEED=\(seed)")
        var dice = Dice(state: seed)
        let (model, fast) = (try Model(), try Model())
        try fast.useOneTokenizerFile()
        var count = 0
        while ContinuousClock.now < end {
            let file = Self.files[Int.random(in: 0..<Self.files.count, using: &dice)]
            let model = file == "tokenizer/tokenizer.json" ? fast : model
            let url = model.url.appending(path: file)
            let text = try String(contentsOf: url, encoding: .utf8)
            var damaged = text
            for _ in 0..<Int.random(in: 1...3, using: &dice) {
                damaged = Self.damaged(damaged, &dice)
            }
            try exhaust(model, file, damaged)
            try Data(text.utf8).write(to: url)
            count += 1
        }
        print("\(count) damaged model folders were painted with or refused")
    }

    /// Opens the model and paints with it, small and short; an error is one sentence.
    private func exhaust(_ model: Model, _ file: String, _ text: String) throws {
        try Data(text.utf8).write(to: model.url.appending(path: file))
        do {
            let source = try ModelSource(model.url)
            try source.verify()
            var settings = GenerationSettings(prompt: "a photo of a red robot")
            let factor = source.vaeConfiguration.downsamplingFactor
            guard factor <= 16 else { return }
            settings.stepCount = 2
            settings.width = 3 * factor
            settings.height = 2 * factor
            let picture = try Pipeline(source).generate(settings, seeds: [1])
            #expect(picture[0].shape == [2 * factor, 3 * factor, 3])
        } catch {
            let sentence = "\(error)"
            #expect(".?".contains(sentence.suffix(1)) && !sentence.contains("\n"), "\(sentence)")
        }
    }

    /// A text of JSON with one value replaced, one key left out, or a byte that is another; of
    /// another text a line is doubled, cut or gone.
    private static func damaged(_ text: String, _ dice: inout Dice) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let chosen = lines.indices.filter { lines[$0].contains("\": ") }
        var result = lines
        guard let place = chosen.randomElement(using: &dice) else {
            guard let place = lines.indices.randomElement(using: &dice) else { return text }
            switch Int.random(in: 0..<4, using: &dice) {
            case 0: result.remove(at: place)
            case 1: result.insert(lines[place], at: place)
            case 2: result[place] = String(lines[place].prefix(lines[place].count / 2))
            default:
                let endings = [" x", "\t", "  ", "\u{0}", "\u{2028}"]
                result[place] += endings[Int.random(in: 0..<endings.count, using: &dice)]
            }
            return result.joined(separator: "\n")
        }
        switch Int.random(in: 0..<8, using: &dice) {
        case 0: result.remove(at: place)
        case 1:
            var bytes = Array(text.utf8)
            bytes[Int.random(in: 0..<bytes.count, using: &dice)] = .random(
                in: .min ... .max, using: &dice)
            return String(decoding: bytes, as: UTF8.self)
        default:
            let value = values[Int.random(in: 0..<values.count, using: &dice)]
            let line = lines[place]
            guard let colon = line.range(of: "\": ") else { return text }
            result[place] = line[..<colon.upperBound] + value + (line.hasSuffix(",") ? "," : "")
        }
        return result.joined(separator: "\n")
    }
}
