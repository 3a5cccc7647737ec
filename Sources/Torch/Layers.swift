internal import CTorch

private var absent: ct_tensor { ct_tensor(impl: nil) }

/// The operands that are there.
func operands(_ tensors: Tensor?...) -> [Tensor] { tensors.compactMap { $0 } }

extension Tensor {
    /// `self · weightᵀ + bias`; the last axis is the features.
    ///
    /// - Parameter weight: `[outputs, inputs]`.
    public func linear(weight: Tensor, bias: Tensor?) -> Tensor {
        produce("linear", operands(self, weight, bias)) {
            ct_linear(handle, weight.handle, bias?.handle ?? absent, $0)
        }
    }

    /// A convolution with the same stride and zero padding on both axes.
    ///
    /// - Parameter weight: `[outputs, inputs, height, width]`.
    /// - Returns: `[batch, outputs, height, width]`.
    public func conv2d(weight: Tensor, bias: Tensor?, stride: Int = 1, padding: Int = 0) -> Tensor {
        produce("conv2d", operands(self, weight, bias)) {
            ct_conv2d(
                handle, weight.handle, bias?.handle ?? absent, Int64(stride), Int64(padding), $0)
        }
    }

    /// Normalizes each of `groups` equal groups of channels of `[batch, channels, …]`, then scales and
    /// shifts every channel by `[channels]`.
    public func groupNorm(groups: Int, weight: Tensor, bias: Tensor, epsilon: Double) -> Tensor {
        produce("groupNorm", [self, weight, bias]) {
            ct_group_norm(handle, Int64(groups), weight.handle, bias.handle, epsilon, $0)
        }
    }

    /// Normalizes over the last axis.
    public func layerNorm(weight: Tensor, bias: Tensor, epsilon: Double) -> Tensor {
        produce("layerNorm", [self, weight, bias]) {
            ct_layer_norm(handle, weight.handle, bias.handle, epsilon, $0)
        }
    }

    /// The rows of `self`, a table `[rows, width]`, at the given int64 ids.
    ///
    /// - Returns: the shape of `ids` with `width` appended.
    public func rows(at ids: Tensor) -> Tensor {
        produce("rows", [self, ids]) { ct_embedding(handle, ids.handle, $0) }
    }

    /// `softmax(query · keyᵀ · scale + mask) · value`.
    ///
    /// - Parameters: `[batch, heads, tokens, head size]` each; a mask broadcasts to
    ///   `[batch, heads, query tokens, key tokens]`.
    public static func attention(
        query: Tensor, key: Tensor, value: Tensor, mask: Tensor? = nil, isCausal: Bool = false,
        scale: Double
    ) -> Tensor {
        produce("attention", operands(query, key, value, mask)) {
            ct_attention(
                query.handle, key.handle, value.handle, mask?.handle ?? absent, isCausal, scale, $0)
        }
    }

    /// Enlarges the last two axes of `[batch, channels, height, width]` by repeating pixels.
    public func upsampledNearest(height: Int, width: Int) -> Tensor {
        produce("upsampledNearest", [self]) {
            ct_upsample_nearest(handle, Int64(height), Int64(width), $0)
        }
    }

    /// The mean of every square of `size` pixels of `[batch, channels, height, width]`.
    public func averagePooled(_ size: Int) -> Tensor {
        produce("averagePooled", [self]) { ct_average_pool(handle, Int64(size), $0) }
    }
}
