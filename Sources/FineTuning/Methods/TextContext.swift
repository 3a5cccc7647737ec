import StableDiffusion
import Torch

/// The texts of DreamBooth, encoded: once where the text encoder stays as it is, at every step
/// where it is trained.
///
/// There are only two different texts, so one row of each is encoded and shared by all pictures.
struct TextContext {
    private enum Source {
        case fixed(Tensor)
        case trained(TextEncoder, ids: Tensor, DType)
    }

    private let source: Source

    /// - Parameter prompts: the instance prompt, then the class prompt where there is one.
    init(
        _ prompts: [String], _ encoder: TextEncoder, tokenizer: CLIPTokenizer, isTrained: Bool,
        dtype: DType, device: Device
    ) {
        let ids = Tensor(
            prompts.flatMap { tokenizer.tokenIDs($0) },
            shape: [prompts.count, tokenizer.maximumLength], device: device)
        source =
            isTrained
            ? .trained(encoder, ids: ids, dtype) : .fixed(withoutGradients { encoder(ids) })
    }

    /// The text of every row, [rows, tokens, width].
    func callAsFunction(_ areClass: [Bool]) -> Tensor {
        let states =
            switch source {
            case .fixed(let tensor): tensor
            case .trained(let encoder, let ids, let dtype): encoder(ids, dtype: dtype)
            }
        // Instance rows come first.
        let classCount = areClass.count { $0 }
        let counts = [areClass.count - classCount, classCount]
        let parts = counts.enumerated().filter { $0.element > 0 }.map { index, count in
            states.narrowed(0, start: index, length: 1).expanded([count, -1, -1])
        }
        return Tensor.concatenating(parts)
    }
}
