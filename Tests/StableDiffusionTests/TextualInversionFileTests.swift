import Foundation
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Files of learned vectors: those of other programs, our own, and hostile ones.
@Suite final class TextualInversionFileTests {
    private let folder = FileManager.default.temporaryDirectory
        .appending(path: "embeddings-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func fixture(_ name: String) -> URL {
        Fixture.url("textual-inversion/files/\(name)")
    }

    private func expected() throws -> Tensor {
        try Fixture.file("textual-inversion/tiny-sd1.safetensors").require("vectors.three")
    }

    @Test(
        arguments: [
            ("diffusers.safetensors", .diffusers, "<three>", 0),
            ("diffusers.bin", .diffusers, "<three>", 0),
            ("kohya.safetensors", .kohya, "kohya", 0), ("kohya.pt", .kohya, "kohya", 0),
            ("onetrainer.safetensors", .oneTrainer, "onetrainer", 0),
            ("a1111.pt", .a1111, "three", 1500), ("paper.pt", .a1111, "paper", 0),
        ] as [(String, TextualInversionFile.Kind, String, Int)])
    func filesOfOthersAreRead(
        name: String, kind: TextualInversionFile.Kind, token: String, step: Int
    ) throws {
        let file = try TextualInversionFile(fixture(name))
        #expect(file.kind == kind)
        #expect(file.embedding.token == token)
        #expect(file.embedding.step == step)
        #expect(file.embedding.vectors.shape == [3, 32])
        #expect(file.embedding.vectors.rawBytes() == (try expected()).rawBytes())
        #expect(try TextualInversionFile(fixture(name), token: "<x>").embedding.token == "<x>")
    }

    @Test func whatElseFilesSayIsKept() throws {
        let file = try TextualInversionFile(fixture("a1111.pt"))
        #expect(file.embedding.baseModelHash == "cc6cb27103")
        #expect(file.embedding.baseModelName == "v1-5-pruned-emaonly")
        let single = try TextualInversionFile(fixture("single-vector.safetensors")).embedding
        #expect(single.vectors.shape == [1, 32])
        #expect(single.vectors.floats() == Array(try expected().floats().prefix(32)))
        let legacy = try TextualInversionFile(fixture("legacy.pt")).embedding
        #expect(legacy.vectors.dtype == .float32)
        #expect(Distance(legacy.vectors, try expected()).relative < 1e-3)
    }

    /// Of SDXL's two text encoders the first is that of SD 1.x; diffusers' pivotal tuning of SD 1.x
    /// writes files of it alone.
    @Test func partsForTheFirstTextEncoderAreRead() throws {
        let both = try TextualInversionFile(fixture("sdxl.safetensors"))
        #expect(both.kind == .sdxl)
        #expect(both.embedding.token == "sdxl")
        #expect(both.embedding.width == 32)
        let url = try written([("clip_l", try expected())])
        let single = try TextualInversionFile(url)
        #expect(single.kind == .diffusers)
        #expect(single.embedding.token == "file")
        #expect(single.embedding.vectors.rawBytes() == (try expected()).rawBytes())
    }

    @Test func cardsAreRead() throws {
        let text = try String(contentsOf: fixture("card.txt"), encoding: .utf8)
        let url = URL(filePath: "/pictures/portrait.png")
        let file = try TextualInversionFile(pngText: text, name: url)
        #expect(file.kind == .a1111Card)
        #expect(file.embedding.token == "three")
        #expect(file.embedding.step == 1500)
        #expect(file.embedding.vectors.rawBytes() == (try expected()).rawBytes())
        func card(_ json: String) throws -> TextualInversion {
            let text = Data(json.utf8).base64EncodedString()
            return try TextualInversionFile(pngText: text, name: url).embedding
        }
        let bare = try card(#"{"string_to_param": {"*": {"TORCHTENSOR": [1, 2.5]}}, "step": null}"#)
        #expect(bare.token == "portrait")
        #expect(bare.vectors.floats() == [1, 2.5])
        for json in [
            "", "[]", "{}", #"{"string_to_param": {"*": 1}}"#, #"{"string_to_param": {}}"#,
            #"{"string_to_param": {"*": {"TORCHTENSOR": []}}}"#,
            #"{"string_to_param": {"*": {"TORCHTENSOR": [[1, 2], [3]]}}}"#,
            #"{"string_to_param": {"*": {"TORCHTENSOR": [[1, NaN]]}}}"#,
            #"{"string_to_param": {"*": {"TORCHTENSOR": [[1e300]]}}}"#,
            #"{"string_to_param": {"*": {"TORCHTENSOR": ["a"]}}}"#,
            #"{"string_to_param": {"*": {"TORCHTENSOR": "#
                + String(repeating: "[", count: 100_000),
            #"{"string_to_param": {"a": {"TORCHTENSOR": [1]}, "b": {"TORCHTENSOR": [1]}}}"#,
        ] {
            let error = #expect(throws: TextualInversionError.self, "\(json.prefix(80))") {
                try card(json)
            }
            #expect(error?.description.contains("/pictures/portrait.png") == true)
        }
        #expect(throws: TextualInversionError.self) {
            try TextualInversionFile(pngText: "§", name: url)
        }
    }

    @Test(arguments: TextualInversionFile.Format.allCases)
    func whatIsWrittenIsRead(format: TextualInversionFile.Format) throws {
        let embedding = TextualInversion(
            token: "<my \"cat\">", vectors: try expected(), step: 700, baseModelHash: "0123456789",
            baseModelName: "model")
        let url = folder.appending(path: "out.\(format.rawValue)")
        try TextualInversionFile.write(embedding, to: url, format: format)
        let file = try TextualInversionFile(url)
        #expect(file.kind == (format == .a1111 ? .a1111 : .diffusers))
        #expect(file.embedding.token == embedding.token)
        #expect(file.embedding.step == 700)
        #expect(file.embedding.baseModelHash == "0123456789")
        #expect(file.embedding.baseModelName == "model")
        #expect(file.embedding.vectors.rawBytes() == embedding.vectors.rawBytes())
        // The same bytes again, and nothing beside them.
        let bytes = try Data(contentsOf: url)
        try TextualInversionFile.write(embedding, to: url, format: format)
        #expect(try Data(contentsOf: url) == bytes)
        let broken = TextualInversion(token: "<x>", vectors: .full([1, 4], .infinity))
        #expect(throws: (any Error).self) {
            try TextualInversionFile.write(broken, to: url, format: format)
        }
        #expect(try Data(contentsOf: url) == bytes)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 1)
    }

    @Test func safetensorsHoldNothingButTheVectors() throws {
        let url = folder.appending(path: "learned_embeds.safetensors")
        let embedding = TextualInversion(token: "<cat>", vectors: try expected())
        try TextualInversionFile.write(embedding, to: url)
        let file = try SafetensorsFile(url)
        #expect(file.keys == ["<cat>"])
        #expect(file.header.metadata["format"] == "pt")
    }

    /// The error of reading a file, which must be a sentence that names the file.
    private func refusal(_ url: URL) -> TextualInversionError? {
        let error = #expect(throws: TextualInversionError.self) { try TextualInversionFile(url) }
        let text = error?.description ?? ""
        #expect(text.contains(url.path))
        #expect(text.hasSuffix("."))
        return error
    }

    private func written(_ tensors: [(String, Tensor)]) throws -> URL {
        let url = folder.appending(path: "file.safetensors")
        try SafetensorsWriter.write(tensors.map { (name: $0.0, tensor: $0.1) }, to: url)
        return url
    }

    /// A safetensors file that may say anything.
    private func header(_ json: String, data: [UInt8]) -> Data {
        var length = UInt64(json.utf8.count).littleEndian
        return Data(bytes: &length, count: 8) + Data(json.utf8) + Data(data)
    }

    @Test func otherFilesAreRefusedByName() throws {
        let output = fixture("onetrainer-output.safetensors")
        #expect(refusal(output) == .outputEmbedding(file: output.path, key: "emp_params_out"))
        let model = Fixture.url("models/tiny-sd1/text_encoder/model.safetensors")
        #expect(refusal(model)?.description.contains("expected exactly one") == true)

        var url = try written([("clip_g", .zeros([1, 40]))])
        #expect(refusal(url) == .madeForSDXL(file: url.path, widths: [40]))
        url = try written([])
        #expect(refusal(url) == .noEmbedding(file: url.path))
        url = try written([("<a>", .zeros([1, 4])), ("<b>", .zeros([1, 4]))])
        #expect(refusal(url) == .severalCandidates(file: url.path, keys: ["<a>", "<b>"]))
        for shape in [[], [2, 2, 2], [0, 4], [1 << 20, 0], [1, 20_000]] {
            let count = shape.reduce(1, *)
            try header(
                #"{"<a>": {"dtype": "F32", "shape": \#(shape), "data_offsets": [0, \#(count * 4)]}}"#,
                data: .init(repeating: 0, count: count * 4)
            ).write(to: url)
            #expect(refusal(url) == .wrongShape(file: url.path, key: "<a>", found: shape))
        }
        url = try written([("<a>", .zeros([76, 4]))])
        #expect(refusal(url) == .vectorCount(url.path, 76, limit: 75))
        for dtype in [DType.int64, .int32, .int8, .uint8, .bool] {
            url = try written([("<a>", .zeros([1, 4], dtype: dtype))])
            #expect(refusal(url) == .wrongType(file: url.path, key: "<a>", found: dtype.rawValue))
        }
        url = try written([("<a>", .full([1, 4], 1e300, dtype: .float64))])
        #expect(refusal(url) == .notFinite(file: url.path, key: "<a>"))

        let picture = folder.appending(path: "picture.pt")
        try Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0]).write(to: picture)
        #expect(refusal(picture) == .picture(file: picture.path))
        #expect(TextualInversionFile.isPNG(picture))
        #expect(!TextualInversionFile.isPNG(url))
        #expect(!TextualInversionFile.isPNG(folder))
    }

    @Test(arguments: [DType.float16, .bfloat16, .float64])
    func otherPrecisionsAreRead(dtype: DType) throws {
        let url = try written([("<a>", .full([2, 4], 0.5, dtype: dtype))])
        let vectors = try TextualInversionFile(url).embedding.vectors
        #expect(vectors.dtype == .float32)
        #expect(vectors.floats() == [Float](repeating: 0.5, count: 8))
    }

    @Test func lyingAndDamagedFilesAreRefused() throws {
        let url = folder.appending(path: "hostile.safetensors")
        func refuse(_ bytes: Data, _ comment: String) throws {
            try bytes.write(to: url)
            let error = #expect(throws: (any Error).self, "\(comment)") {
                try TextualInversionFile(url)
            }
            #expect(error.map { "\($0)".contains(url.path) } == true, "\(comment)")
        }
        for shape in ["[1099511627776, 1099511627776]", "[9223372036854775807]", "[-1, 4]", "[3]"] {
            let json = #"{"<a>": {"dtype": "F32", "shape": \#(shape), "data_offsets": [0, 16]}}"#
            try refuse(header(json, data: .init(repeating: 0, count: 16)), shape)
        }
        let json = #"{"<a>": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}"#
        let nan: [UInt8] = [0, 0, 0xC0, 0x7F]
        try refuse(header(json, data: nan + nan + nan + nan), "not finite")
        try refuse(Data(), "empty")
        try refuse(Data("PK".utf8), "a zip of two bytes")
        for name in ["a1111.pt", "legacy.pt", "diffusers.safetensors"] {
            let whole = try Data(contentsOf: fixture(name))
            for count in stride(from: 0, to: whole.count - 1, by: 23) {
                try refuse(whole.prefix(count), "\(name) cut to \(count)")
            }
        }
        #expect(throws: (any Error).self) { try TextualInversionFile(self.folder) }
        #expect(throws: (any Error).self) {
            try TextualInversionFile(self.folder.appending(path: "absent.pt"))
        }
    }
}
