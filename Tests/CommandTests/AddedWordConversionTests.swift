import Foundation
import TestSupport
import Testing
import Torch

/// `convert` of a folder whose tokenizer has a word more.
@Suite struct AddedWordConversionTests {
    @Test func theWordsFileIsToldAndReplacesNothing() throws {
        let scratch = try Scratch()
        let model = try scratch.copy("models/tiny-sd1", as: "m")
        try Data(#"{"<robot>": 600}"#.utf8).write(
            to: model.appending(path: "tokenizer/added_tokens.json"))
        let configuration = model.appending(path: "text_encoder/config.json")
        let text = try String(contentsOf: configuration, encoding: .utf8)
        try text.replacing("\"vocab_size\": 600", with: "\"vocab_size\": 601").write(
            to: configuration, atomically: true, encoding: .utf8)
        let weights = model.appending(path: "text_encoder/model.safetensors")
        let file = try SafetensorsFile(weights)
        let key = "text_model.embeddings.token_embedding.weight"
        let table = Tensor.concatenating([try file.require(key), Tensor.ones([1, 32])])
        try SafetensorsWriter.write(
            try file.keys.map { ($0, $0 == key ? table : try file.require($0)) }, to: weights)
        let convert = ["convert", "--model", "m", "--output", "o.safetensors"]
        try Data("mine".utf8).write(to: scratch("o-robot.safetensors"))
        try expectRefusal(convert, in: scratch, naming: ["o-robot.safetensors"])
        #expect(try Data(contentsOf: scratch("o-robot.safetensors")) == Data("mine".utf8))
        let outcome = try Command.run(convert + ["--overwrite"], in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("o-robot.safetensors"), "\(outcome.output)")
        let word = try SafetensorsFile(scratch("o-robot.safetensors"))
        #expect(word.keys == ["<robot>"])
        #expect(word.tensor("<robot>")?.floats() == [Float](repeating: 1, count: 32))
    }
}
