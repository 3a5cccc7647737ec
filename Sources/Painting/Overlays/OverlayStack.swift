internal import NN
public import StableDiffusion
internal import Torch

/// What lies over the networks of a pipeline, from the bottom up, put on and taken off again.
///
/// Each is a change of the model's own weights, and their effects add up, so their order does not
/// matter; only hypernetworks work on what those below them give. With the last one taken off, the
/// networks have every weight that they had, bit for bit.
public final class OverlayStack {
    /// How LoRA and its kin are laid over layers; the networks compute the same, but for rounding.
    public enum Placement: Sendable {
        /// Beside the weights, at some cost in every step.
        case attached
        /// In the weights, at the cost of a copy of those that were there. Half precision would
        /// round small changes away.
        case merged
    }

    /// What paints with all that is laid over it.
    public let pipeline: Pipeline
    /// Where LoRA and its kin are.
    public let placement: Placement
    /// What lies over the pipeline, from the bottom up.
    public private(set) var overlays: [Overlay] = []
    private var sets: [ObjectIdentifier: AdapterSet] = [:]
    private let merged: MergedLayers
    private let ownEmbeddings: [TextualInversion]

    /// A stack of nothing yet.
    ///
    /// - Parameters:
    ///   - placement: nil: merged in fp32, attached in half precision and where weights are not
    ///     where they compute.
    ///   - keepsOriginals: false saves the copy of the weights: then nothing can be taken off, or
    ///     put on by a second call.
    public init(
        over pipeline: Pipeline, placement: Placement? = nil, keepsOriginals: Bool = true
    ) {
        self.pipeline = pipeline
        let merges = pipeline.precision == .float32 && pipeline.offload == .none
        self.placement = placement ?? (merges ? .merged : .attached)
        ownEmbeddings = pipeline.embeddings
        merged = MergedLayers(keepsOriginals: keepsOriginals)
    }

    /// Sees whether overlays fit a model, before any network of it is loaded.
    ///
    /// - Throws: one sentence that names the file, as ``put(_:)`` does.
    public static func check(_ overlays: [Overlay], for source: ModelSource) throws {
        try TextualInversion.validate(overlays.embeddings(), for: source)
        guard overlays.contains(where: { $0.kind == .lora }) else { return }
        let layers = try source.layers()
        for overlay in overlays { _ = try overlay.adapters(for: layers, model: source.name) }
    }

    /// Puts overlays on, all of them or none.
    ///
    /// - Precondition: none of them is on already.
    /// - Throws: `AdapterError`, `TextualInversionError` or `HypernetworkError`: one sentence that
    ///   names the file that does not fit.
    public func put(_ new: [Overlay]) throws {
        let all = overlays + new
        precondition(Set(all.map { ObjectIdentifier($0) }).count == all.count, "put on twice")
        let layers = AdaptedLayer.all(unet: pipeline.unet, textEncoder: pipeline.textEncoder)
        let embeddings = ownEmbeddings + all.embeddings()
        try TextualInversion.validate(embeddings, for: pipeline.source)
        var added: [(overlay: Overlay, set: AdapterSet)] = []
        for overlay in new {
            let set = try overlay.adapters(
                for: layers, model: pipeline.source.name,
                device: placement == .attached ? pipeline.device : nil)
            if let set { added.append((overlay, set)) }
        }
        let networks = new.compactMap(\.hypernetwork)
        do {
            for network in networks { try network.attach(to: pipeline.unet) }
        } catch {
            for network in networks { network.detach(from: pipeline.unet) }
            throw error
        }
        for (overlay, set) in added { sets[ObjectIdentifier(overlay)] = set }
        pipeline.embeddings = embeddings
        overlays = all
        lay(over: added.map(\.set))
    }

    /// Takes one off, wherever in the stack it lies.
    ///
    /// - Precondition: it is on, and the stack keeps originals.
    public func remove(_ overlay: Overlay) {
        precondition(overlays.contains { $0 === overlay }, "\(overlay.name) is not on")
        overlays.removeAll { $0 === overlay }
        overlay.hypernetwork?.detach(from: pipeline.unet)
        pipeline.embeddings = ownEmbeddings + overlays.embeddings()
        guard let set = sets.removeValue(forKey: ObjectIdentifier(overlay)) else { return }
        if placement == .attached { set.detach() } else { lay(over: [set]) }
    }

    /// Takes all off.
    ///
    /// - Precondition: as ``remove(_:)``.
    public func removeAll() { overlays.reversed().forEach(remove) }

    /// Brings the layers of some sets in line with the stack.
    private func lay(over touched: [AdapterSet]) {
        guard placement == .merged else { return touched.forEach { $0.attach() } }
        let stacked = overlays.compactMap { sets[ObjectIdentifier($0)] }
        merged.lay(stacked, over: touched)
    }
}
