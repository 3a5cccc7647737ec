import Foundation
import StableDiffusion
import Testing

/// The numbers below are transformers 4.57.3's slow `CLIPTokenizer` (without ftfy) on the folder
/// that `trained` writes. That it writes the same folder again is a test of its own.
@Suite struct TokenizerTests {
    static let trained = BytePairTrainer.train(
        wordCounts: [
            "a photo of a striped robot on the beach": 9,
            "a photo of a red mug on a wooden table": 7,
            "a photo of a duck in the snow at sunset": 5,
            "a close-up of a glass teapot, at night": 3,
        ], vocabularySize: 640, reserved: ["sks", "ohwx", "zwx"])

    static let reference: [(String, [Int])] = [
        ("a photo of sks robot", [320, 516, 512, 576, 529]),
        (
            "\u{FF21} caf\u{E9}, NA\u{CF}VE e\u{301}",
            [171, 121, 479, 66, 64, 69, 127, 358, 267, 77, 64, 127, 107, 85, 324, 127, 358]
        ),
        (
            "\u{1F469}\u{200D}\u{1F680} \u{65E5}\u{672C}\u{8A9E} \u{D55C}\u{AD6D}\u{C5B4}\u{3000}x",
            [
                172, 253, 239, 102, 172, 253, 248, 478, 162, 245, 354, 162, 250, 361, 164, 103, 508,
                169, 243, 250, 166, 113, 255, 168, 244, 368, 343,
            ]
        ),
        ("a\u{0}b\u{200B}c\u{FFFD}\td\n\u{2028}e", [535, 322, 323, 324]),
        (
            "x <|endoftext|> y<|STARTOFTEXT|>z<|\u{17F}tartoftext|>",
            [
                343, 583, 344, 582, 345, 27, 91, 129, 123, 83, 64, 81, 83, 78, 69, 83, 68, 87, 83,
                91, 285,
            ]
        ),
        (
            "it's 'S '\u{17F} don't we'LL 1234\u{BD}",
            [
                72, 339, 6, 338, 6, 338, 6, 129, 379, 67, 518, 6, 339, 86, 324, 6, 75, 331, 272,
                273, 274, 275, 126, 377,
            ]
        ),
        (
            "\u{39F}\u{394}\u{39F}\u{3A3} \u{3A3}\u{391}\u{3A3}. \u{130} \u{1E9E}",
            [
                138, 123, 138, 112, 138, 123, 139, 480, 139, 225, 138, 109, 139, 480, 269, 328, 136,
                485, 127, 509,
            ]
        ),
        (
            // Old Hangul does not compose, modern Hangul does; nothing composes by its low half.
            "\u{1113}\u{116C} \u{1112}\u{1161}\u{11AB} \u{E014C}\u{301} a\u{323}\u{301}",
            [157, 226, 241, 157, 227, 361, 169, 243, 506]
                + [175, 254, 227, 234, 136, 479, 157, 118, 350, 136, 479]
        ),
        ("x\u{345}y", [343, 344]),
        ("!!'s--(robot)", [0, 0, 262, 338, 12, 12, 263, 529, 264]),
    ]

    @Test(arguments: reference.indices)
    func encodesAsTheReference(index: Int) {
        let (text, ids) = Self.reference[index]
        #expect(Self.trained.encode(text) == ids)
    }

    @Test func fillsUpAndCuts() {
        let tokenizer = Self.trained
        #expect(tokenizer.vocabularyCount == 584)
        #expect(tokenizer.maximumLength == 77)
        let short = tokenizer.tokenIDs("robot")
        #expect(short == [582, 529] + [Int](repeating: 583, count: 75))
        let words = Array(repeating: "robot", count: 200).joined(separator: " ")
        #expect(tokenizer.tokenIDs(words) == [582] + [Int](repeating: 529, count: 75) + [583])
        #expect(tokenizer.tokenIDs("", maxLength: 3) == [582, 583, 583])
        #expect(tokenizer.encode(words).count == 200)
    }

    @Test func padsWithAnotherToken() {
        // Stable Diffusion 2 fills up with "!", which transformers then also finds in the text.
        let tokenizer = Self.trained.with(special: SpecialTokens(padding: SpecialTokens.token("!")))
        #expect(
            tokenizer.tokenIDs("robot!! a", maxLength: 10)
                == [582, 529, 0, 0, 320, 583, 0, 0, 0, 0])
        #expect(Self.trained.encode("robot!!") == [529, 0, 256])
    }

    @Test func findsAddedTokensInTheText() {
        let tokenizer = Self.trained.adding(tokens: ["<cat>", "<cat-toy>"])
        #expect(tokenizer.vocabularyCount == 586)
        #expect(tokenizer.id(of: "<cat-toy>") == 585)
        #expect(
            tokenizer.encode("a<cat-toy>s <CAT> <cat>")
                == [320, 585, 338, 283, 66, 534, 285, 584])
        #expect(Self.trained.id(of: "<cat>") == nil)
    }

    @Test func decodes() {
        let tokenizer = Self.trained
        let ids = tokenizer.tokenIDs("A photo of sks Robot, <|endoftext|> at NIGHT caf\u{E9}")
        #expect(tokenizer.decode(ids) == "a photo of sks robot , at night caf\u{E9}")
    }

    @Test(arguments: ["sks", "ohwx", "zwx"])
    func reservedWordsAreOneToken(word: String) {
        #expect(Self.trained.encode(word) == [Self.trained.id(of: word + "</w>")])
    }

    @Test func reservedWordsChangeNoOther() {
        let texts = ["a striped robot on the beach", "a close-up of a glass teapot, at night"]
        let counts = Dictionary(uniqueKeysWithValues: texts.map { ($0, 2) })
        let without = BytePairTrainer.train(
            wordCounts: counts, vocabularySize: 530, reserved: [])
        let with = BytePairTrainer.train(
            wordCounts: counts, vocabularySize: 533, reserved: ["at\u{E9}"])
        for text in texts {
            let spelled = with.encode(text).map { with.decode([$0]) }
            #expect(without.encode(text).map { without.decode([$0]) } == spelled)
        }
        #expect(without.vocabularyCount == 530)
    }

    @Test func writesWhatItReads() throws {
        let folder = try TemporaryFolder()
        let tokenizer = Self.trained.adding(tokens: ["<cat>"])
        try tokenizer.write(to: folder.url)
        let read = try CLIPTokenizer(directory: folder.url)
        #expect(read.vocabularyCount == tokenizer.vocabularyCount)
        #expect(read.maximumLength == 77)
        for text in Self.reference.map(\.0) + ["<cat>s", "!!"] {
            #expect(read.encode(text) == tokenizer.encode(text))
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        #expect(
            Set(names) == [
                "merges.txt", "special_tokens_map.json", "tokenizer_config.json", "vocab.json",
            ])
    }

    @Test func olderFoldersTakePaddingFromTheMap() throws {
        let folder = try TemporaryFolder()
        try Self.trained.write(to: folder.url)
        try folder.write(
            #"{"model_max_length": 20, "pad_token": "a</w>"}"#, "tokenizer_config.json")
        try folder.write(
            #"{"bos_token": {"content": "<|startoftext|>", "lstrip": false}, "pad_token": "!"}"#,
            "special_tokens_map.json")
        try folder.write(#"{"<cat>": 584}"#, "added_tokens.json")
        let tokenizer = try CLIPTokenizer(directory: folder.url)
        #expect(tokenizer.paddingID == 0)
        #expect(tokenizer.maximumLength == 20)
        #expect(tokenizer.encode("a <cat>!") == [320, 584, 0])
    }

    @Test func readsAFolderWithOneFileOnly() throws {
        let folder = try TemporaryFolder()
        let model = #"{"vocab": {"a": 0, "b</w>": 1, "ab</w>": 2}, "merges": MERGES}"#
        for merges in [#"["a b</w>"]"#, #"[["a", "b</w>"]]"#] {
            let text = model.replacingOccurrences(of: "MERGES", with: merges)
            let added = #"[{"id": 4, "content": "<|endoftext|>", "special": true}]"#
            try folder.write(
                #"{"version": "1.0", "added_tokens": \#(added), "model": \#(text)}"#,
                "tokenizer.json")
            let tokenizer = try CLIPTokenizer(directory: folder.url)
            #expect(tokenizer.encode("AB") == [2])
            #expect(tokenizer.endID == 4)
        }
    }

    @Test func saysWhatIsWrong() throws {
        let folder = try TemporaryFolder()
        #expect(throws: TokenizerError.noTokenizer(directory: folder.url.path)) {
            try CLIPTokenizer(directory: folder.url)
        }
        try Self.trained.write(to: folder.url)
        try folder.write("{\"a\": ", "vocab.json")
        let file = folder.url.appendingPathComponent("vocab.json").path
        #expect(throws: TokenizerError.unreadable(file: file, reason: "it is not valid JSON")) {
            try CLIPTokenizer(directory: folder.url)
        }
        try folder.write("{\"a\": -1}", "vocab.json")
        #expect(throws: TokenizerError.self) { try CLIPTokenizer(directory: folder.url) }
        try Self.trained.write(to: folder.url)
        try folder.write(#"{"model_max_length": 1}"#, "tokenizer_config.json")
        #expect(throws: TokenizerError.self) { try CLIPTokenizer(directory: folder.url) }
    }
}

/// A folder that goes when the test ends.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("tokenizer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: url.appendingPathComponent(name))
    }
}
