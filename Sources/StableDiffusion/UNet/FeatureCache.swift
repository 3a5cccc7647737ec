import Torch

/// What the deep layers of a U-Net gave in one step of sampling, for the next ones: they change
/// slowly, and most of the time goes into them.
///
/// Source: DeepCache, Ma et al. 2023, arXiv 2312.00858, with its first branch: only the last layer
/// on the way up is computed anew, from what the deeper ones gave before and what the input is now.
public final class FeatureCache {
    /// What enters the last layer on the way up, `[batch, channels, height, width]`.
    var features: Tensor?

    /// Nothing is known yet.
    public init() {}
}
