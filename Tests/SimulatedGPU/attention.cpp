// Attention that never holds the scores, as CUDA's fused kernels, with their memory: the sums of
// every row forward, and what they keep meanwhile backward.
#include <ATen/native/DispatchStub.h>
#include <ATen/native/transformers/attention.h>
#include <ATen/native/transformers/sdp_utils_cpp.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/library.h>

#include "simulated.hpp"

namespace simulated {
namespace {

using Mask = std::optional<Tensor>;

bool has(const Mask &mask) { return mask && mask->defined(); }

// fp16 and bf16 go to flash attention, which pads the heads; fp32 goes to the memory-efficient
// kernels, which want aligned rows.
int64_t choose(const Tensor &query, const Tensor &key, const Tensor &value, const Mask &mask,
               double dropout, bool, std::optional<double>, bool) {
    const auto head = query.dim() == 4 ? query.size(3) : 0;
    const bool is_half = query.scalar_type() != at::kFloat;
    const bool is_fused =
        query.dim() == 4 && key.dim() == 4 && value.dim() == 4 && dropout == 0 &&
        head == value.size(3) && query.size(1) == key.size(1) && key.size(2) > 0 &&
        (is_half ? head <= 256 : head % 4 == 0) && query.stride(3) == 1 && key.stride(3) == 1 &&
        value.stride(3) == 1 && !(has(mask) && mask->requires_grad());
    return static_cast<int64_t>(is_fused ? at::SDPBackend::overrideable : at::SDPBackend::math);
}

void require_here(const Tensor &query, const Tensor &key, const Tensor &value, const Mask &mask) {
    for (auto *one : {&query, &key, &value})
        TORCH_CHECK(is_here(*one), "Expected all tensors to be on the same device (attention)");
    TORCH_CHECK(!has(mask) || is_here(*mask),
                "Expected all tensors to be on the same device (mask of attention)");
}

Mask twin_of(const Mask &mask) { return has(mask) ? Mask(twin(*mask)) : std::nullopt; }

std::tuple<Tensor, Tensor, Tensor, Tensor, c10::SymInt, c10::SymInt, Tensor, Tensor, Tensor>
forward(const Tensor &query, const Tensor &key, const Tensor &value, const Mask &mask,
        double dropout, bool is_causal, bool, std::optional<double> scale) {
    require_here(query, key, value, mask);
    catch_up();
    Tensor output, sums;
    if (options().dry) {
        auto batch = query.size(0), heads = query.size(1), count = query.size(2);
        output = at::empty({batch, count, heads, query.size(3)}, query.options()).transpose(1, 2);
        sums = at::empty({batch, heads, count}, query.options().dtype(at::kFloat));
    } else {
        auto [result, result_sums] = at::_scaled_dot_product_flash_attention_for_cpu(
            twin(query), twin(key), twin(value), dropout, is_causal, twin_of(mask), scale);
        output = adopt(result);
        sums = adopt(result_sums);
    }
    return {output, sums, Tensor(), Tensor(), query.size(2), key.size(2), Tensor(), Tensor(),
            Tensor()};
}

// The inner products of every row and, in flash attention, the queries' gradient in fp32, padded.
std::vector<Tensor> workspace(const Tensor &query) {
    auto padded = [](int64_t count, int64_t step) { return (count + step - 1) / step * step; };
    auto batch = query.size(0), heads = query.size(1), head = query.size(3);
    auto in_fp32 = query.options().dtype(at::kFloat);
    if (query.scalar_type() == at::kFloat)
        return {at::empty({batch, heads, query.size(2)}, in_fp32)};
    auto rows = padded(query.size(2), 128), width = padded(head, head <= 128 ? 32 : 64);
    return {at::empty({batch, heads, rows}, in_fp32),
            at::empty({batch, heads, rows, width}, in_fp32)};
}

std::tuple<Tensor, Tensor, Tensor, Tensor>
backward(const Tensor &gradient, const Tensor &query, const Tensor &key, const Tensor &value,
         const Tensor &mask, std::array<bool, 4>, const Tensor &output, const Tensor &sums,
         const Tensor &, const Tensor &, c10::SymInt, c10::SymInt, double dropout, bool is_causal,
         const Tensor &, const Tensor &, std::optional<double> scale) {
    require_here(query, key, value, mask);
    catch_up();
    auto held = workspace(query);
    if (options().dry)
        return {at::empty_like(query), at::empty_like(key), at::empty_like(value), Tensor()};
    auto [of_query, of_key, of_value] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
        twin(gradient), twin(query), twin(key), twin(value), twin(output), twin(sums), dropout,
        is_causal, twin_of(mask), scale);
    return {adopt(of_query), adopt(of_key), adopt(of_value), Tensor()};
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, CUDA, library) {
    library.impl("_fused_sdp_choice", &choose);
    library.impl("_scaled_dot_product_fused_attention_overrideable", &forward);
    library.impl("_scaled_dot_product_fused_attention_overrideable_backward", &backward);
}

}  // namespace simulated

namespace at::native {
REGISTER_CUDA_DISPATCH(_fused_sdp_choice_stub, &simulated::choose)
}
