import Datasets
import StableDiffusion
import Torch

/// The texts of a run, encoded: once where all that makes them stays as it is, at every step where
/// the text encoder, a layer over it or a learned vector is trained, and also where there are so
/// many texts that keeping them would take too much memory.
///
/// There are few different texts, so each that a batch has is encoded once, for all of its rows.
struct TextContext {
    private enum Source {
        case fixed(Tensor)
        case many(TextEncoder, PromptEncoder, Device)
        case trained(TextEncoder, PromptEncoder, DType, Device)
    }

    /// Texts encoded at once: captions can be thousands.
    private static let batchSize = 64
    /// Encoded texts kept: half a gigabyte of a large model's.
    private static let keptCount = 2048

    private let source: Source
    private let texts: [String]

    /// - Parameter embeddings: learned vectors that the texts use.
    init(
        _ texts: RunTexts, _ encoder: TextEncoder, tokenizer: CLIPTokenizer,
        embeddings: [TextualInversion] = [], isTrained: Bool, dtype: DType, device: Device
    ) {
        self.texts = texts.all
        let prompts = PromptEncoder(tokenizer, embeddings: embeddings)
        source =
            isTrained
            ? .trained(encoder, prompts, dtype, device)
            : texts.all.count > Self.keptCount
                ? .many(encoder, prompts, device)
                : .fixed(withoutGradients { Self.encode(texts.all, encoder, prompts, device) })
    }

    private static func encode(
        _ texts: [String], _ encoder: TextEncoder, _ prompts: PromptEncoder, _ device: Device
    ) -> Tensor {
        let parts = stride(from: 0, to: texts.count, by: batchSize).map { start in
            let part = Array(texts[start..<min(start + batchSize, texts.count)])
            return encoder(prompts.batch(part, device: device).ids)
        }
        return parts.count == 1 ? parts[0] : Tensor.concatenating(parts)
    }

    /// The text of every row, [rows, tokens, width].
    ///
    /// - Parameter rows: for each, which text it has.
    func rows(_ rows: [TextID]) -> Tensor {
        let numbers = rows.map(\.place)
        switch source {
        case .fixed(let states):
            return states.gathered(0, at: Tensor(numbers, device: states.device))
        case .many(let encoder, let prompts, let device):
            return withoutGradients {
                let used = Set(numbers).sorted()
                let states = Self.encode(used.map { texts[$0] }, encoder, prompts, device)
                let places = numbers.map { used.firstIndex(of: $0) ?? 0 }
                return states.gathered(0, at: Tensor(places, device: device))
            }
        case .trained(let encoder, let prompts, let dtype, let device):
            let used = Set(numbers).sorted()
            let (ids, learned) = prompts.batch(used.map { texts[$0] }, device: device)
            let states = encoder(ids, dtype: dtype, learned: learned)
            // Views, where one text fills consecutive rows: backward then needs no scattering.
            var parts: [Tensor] = []
            var start = 0
            while start < numbers.count {
                let end = numbers[start...].firstIndex { $0 != numbers[start] } ?? numbers.count
                let place = used.firstIndex(of: numbers[start]) ?? 0
                parts.append(
                    states.narrowed(0, start: place, length: 1).expanded([end - start, -1, -1]))
                start = end
            }
            return Tensor.concatenating(parts)
        }
    }
}
