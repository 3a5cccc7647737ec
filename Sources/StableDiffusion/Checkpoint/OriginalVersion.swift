internal import Foundation

/// Whose names a single file has: those of SD 1.x, with CLIP as transformers writes it, or those
/// of SD 2.x, with OpenCLIP.
enum OriginalVersion {
    case one
    case two

    /// The width of the context tells; for sizes that no published model has, the activation
    /// does, in which CLIP and OpenCLIP differ.
    init(_ source: ModelSource) {
        switch source.unetConfiguration.crossAttentionWidth {
        case 768: self = .one
        case 1024: self = .two
        default: self = source.textEncoderConfiguration.activation == .quickGelu ? .one : .two
        }
    }

    /// What Stability's modelspec calls it.
    func architecture(_ prediction: PredictionType) -> String {
        switch self {
        case .one: "stable-diffusion-v1"
        case .two:
            prediction == .vPrediction ? "stable-diffusion-v2-768-v" : "stable-diffusion-v2-512"
        }
    }

    /// Refuses what readers of single files would silently take for something else.
    ///
    /// They know models by the sizes of SD 1.x and 2.x, and refuse all others; those are written
    /// for readers that are given a configuration.
    func check(_ source: ModelSource) throws(ConversionError) {
        let unet = source.unetConfiguration
        let scheduler = source.schedulerConfiguration
        func require(_ holds: Bool, _ what: String) throws(ConversionError) {
            if !holds { throw .notTold(model: source.name, what: what) }
        }
        try require(
            scheduler.predictionType != .sample, "readers take it to predict noise or velocity")
        guard unet.crossAttentionWidth == 768 || unet.crossAttentionWidth == 1024 else { return }
        let heads = unet.blockOutChannels.map { self == .one ? 8 : max($0 / 64, 1) }
        let found = unet.blockOutChannels.indices.map { unet.attentionHeadCount[$0] }
        try require(
            found == heads, "readers take its U-Net to have \(heads) attention heads, not \(found)")
        let text = source.textEncoderConfiguration
        try require(
            text.headCount == text.width / 64
                && text.activation == (self == .one ? .quickGelu : .gelu),
            "readers take its text encoder to have \(text.width / 64) heads and the activation of "
                + (self == .one ? "CLIP" : "OpenCLIP"))
        try require(
            unet.normGroupCount == 32 && source.vaeConfiguration.normGroupCount == 32,
            "readers take its norms to have 32 groups")
        try require(
            abs(source.vaeConfiguration.scalingFactor - 0.18215) < 1e-6,
            "readers take its latents to be scaled by 0.18215, not "
                + "\(source.vaeConfiguration.scalingFactor)")
        try require(
            scheduler.betaSchedule == .scaledLinear && scheduler.trainedBetas == nil
                && abs(scheduler.betaStart - 0.00085) < 1e-9
                && abs(scheduler.betaEnd - 0.012) < 1e-9 && scheduler.trainingStepCount == 1000,
            "readers take its noise to grow as in Stable Diffusion")
    }
}
