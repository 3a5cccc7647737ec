import Foundation
import TestSupport
import Testing
import Torch

/// LoRA files that are damaged, or say less than they should, in every command that reads one.
@Suite struct BadAdapterTests {
    private static let layer = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k"

    /// A LoRA for tiny-sd1, one key of which may hold something else.
    private func lora(
        in scratch: Scratch, rank: Int = 2, damaging damaged: String? = nil, value: Float = .nan,
        alpha: Bool = true
    ) throws {
        var tensors: [String: Tensor] = [
            "lora_down.weight": .full([rank, 32], 0.5), "lora_up.weight": .full([24, rank], 0.5),
        ]
        if alpha { tensors["alpha"] = .full([], 2) }
        if let damaged { tensors[damaged] = .full(tensors[damaged]?.shape ?? [], Double(value)) }
        let entries = tensors.map { ("\(Self.layer).\($0)", UncheckedSafetensors.Entry($1)) }
        try UncheckedSafetensors.write(
            Dictionary(uniqueKeysWithValues: entries), to: scratch("lora.safetensors"))
    }

    private static let model = Fixture.url("models/tiny-sd1").path

    private static let commands = [
        ["generate", "--model", model, "--prompt", "p", "--output", "out"],
        ["lora", "merge", "--model", model, "--output", "out"],
        ["lora", "resize", "--model", model, "--rank", "1", "--output", "out.safetensors"],
        ["lora", "add", "--model", model, "--rank", "1", "--output", "out.safetensors"],
    ]

    @Test(arguments: commands) func valuesThatAreNotFinite(command: [String]) throws {
        let scratch = try Scratch()
        for (key, value) in [
            ("lora_down.weight", Float.nan), ("lora_up.weight", .infinity), ("alpha", -.infinity),
        ] {
            try lora(in: scratch, damaging: key, value: value)
            try expectRefusal(
                command + ["--lora", "lora.safetensors"], in: scratch,
                naming: ["lora.safetensors", "\(Self.layer).\(key)", "not finite"])
        }
    }

    @Test(arguments: commands) func noRank(command: [String]) throws {
        let scratch = try Scratch()
        try lora(in: scratch, rank: 0)
        try expectRefusal(
            command + ["--lora", "lora.safetensors"], in: scratch,
            naming: ["lora.safetensors", "lora_down.weight", "[0, 32]"])
    }

    @Test func inspectingTells() throws {
        let scratch = try Scratch()
        try lora(in: scratch, damaging: "lora_up.weight")
        let outcome = try Command.run(["inspect", "lora.safetensors"], in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("\(Self.layer).lora_up.weight holds values that are not"))
    }

    @Test(arguments: commands) func whatIsAssumedIsTold(command: [String]) throws {
        let scratch = try Scratch()
        let sentence = "lora.safetensors does not say the alpha of its layers"
        for isSaid in [false, true] {
            try? FileManager.default.removeItem(at: scratch("out"))
            try? FileManager.default.removeItem(at: scratch("out.safetensors"))
            try lora(in: scratch, alpha: isSaid)
            let steps = command[0] == "generate" ? ["--steps", "1"] : []
            let outcome = try Command.run(
                command + steps + ["--lora", "lora.safetensors:1:0.5"], in: scratch.url)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains(sentence) != isSaid, "\(outcome.output)")
            #expect(
                outcome.output.contains("lora.safetensors changes no text encoder"),
                "\(outcome.output)")
        }
    }
}
