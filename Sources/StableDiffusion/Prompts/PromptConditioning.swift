package import Torch

/// What the U-Net attends to for a prompt, step by step.
package struct PromptConditioning {
    /// One of several texts, with its weight.
    package typealias Context = (weight: Double, states: Tensor)

    private let parts: [PromptProgram.Part]
    /// Of each text of each part, `[1, tokens, width]`.
    private let states: [[Tensor]]

    /// Runs prompts through the text encoder.
    ///
    /// - Parameters:
    ///   - empty: what fills up a text that has fewer chunks than others of its part.
    ///   - encode: gives `[chunks, tokens, width]`.
    /// - Returns: one for each of ``CompiledPrompts/programs``.
    static func all(
        of prompts: CompiledPrompts, empty: PromptChunk, encode: ([PromptChunk]) -> Tensor
    ) -> [PromptConditioning] {
        let programs = prompts.programs
        guard programs.allSatisfy({ $0.syntax == .plain }) else {
            return programs.map { program in
                PromptConditioning(
                    parts: program.parts,
                    states: program.parts.map {
                        emphasized($0, empty: empty, encode: encode)
                    })
            }
        }
        // Together, as diffusers does: sizes of batches show in the last bits.
        let together = encode(programs.flatMap(\.parts).flatMap(\.texts).flatMap(\.chunks))
        return zip(programs, together.split(0, into: programs.count)).map {
            PromptConditioning(parts: $0.parts, states: [[$1]])
        }
    }

    /// Which texts count in a step; where they are the same, so are the contexts.
    func numbers(at step: Int) -> [Int] { parts.map { $0.text(at: step) } }

    /// What to attend to in a step, all of one length: shorter ones go on with their last vector.
    package func contexts(at step: Int) -> [Context] {
        let found = zip(parts, states).map { (weight: $0.weight, states: $1[$0.text(at: step)]) }
        let length = found.map { $0.states.size(1) }.max() ?? 0
        return found.map { weight, states in
            let missing = length - states.size(1)
            guard missing > 0 else { return (weight, states) }
            let last = states.narrowed(1, start: states.size(1) - 1, length: 1)
            return (weight, Tensor.concatenating([states, last.expanded([-1, missing, -1])], 1))
        }
    }

    /// The texts of a part with their emphasis.
    ///
    /// Source: the A1111 web UI, mode "Original": vectors are multiplied, and then all of them so
    /// that their mean is what it was, over all that the part goes through.
    private static func emphasized(
        _ part: PromptProgram.Part, empty: PromptChunk, encode: ([PromptChunk]) -> Tensor
    ) -> [Tensor] {
        let chunkCount = part.texts.map(\.chunks.count).max() ?? 0
        // A text that comes back, as in turns, counts as often in the mean.
        let counts = part.texts.indices.map { number in
            Float(part.entries.count { $0.text == number })
        }
        let columns = (0..<chunkCount).map { index -> Tensor in
            let chunks = part.texts.map { index < $0.chunks.count ? $0.chunks[index] : empty }
            let states = encode(chunks)
            guard chunks.contains(where: { $0.emphasis.contains { $0 != 1 } }) else {
                return states
            }
            let shares = Tensor(
                counts.map { $0 / counts.reduce(0, +) }, shape: [counts.count],
                device: states.device)
            let emphasis = Tensor(
                chunks.flatMap { $0.emphasis.map { Float($0) } },
                shape: [states.size(0), states.size(1), 1], device: states.device)
            let plain = states.cast(to: .float32)
            let weighed = plain * emphasis
            let restoring =
                (plain.mean([1, 2]) * shares).sum() / (weighed.mean([1, 2]) * shares).sum()
            return (weighed * restoring).cast(to: states.dtype)
        }
        return Tensor.concatenating(columns, 1).split(0, into: part.texts.count)
    }
}
