#pragma once

#include "internal.hpp"

namespace ctorch {

// softmax(query · keyᵀ · scale) · value for [batch, heads, tokens, size] in bf16 on a processor
// with AVX-512; nothing where it does not suit, or where a gradient is recorded.
std::optional<at::Tensor> wide_attention(const at::Tensor &query, const at::Tensor &key,
                                         const at::Tensor &value, double scale);

// Whether this processor has what `wide_attention` is written for.
bool has_wide_attention();

}  // namespace ctorch
