#include "attention.hpp"
#include "meta.hpp"

using namespace ctorch;

namespace {

bool records(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value) {
    return c10::GradMode::is_enabled() &&
           (query.requires_grad() || key.requires_grad() || value.requires_grad());
}

// LibTorch's CPU attention takes two to six times as long as the plain products where bfloat16 is
// trained and the keys are few, and keeps no less: a row of scores is not much longer than a head.
bool is_better_plain(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value) {
    return is_on_processor(query) && query.scalar_type() == at::kBFloat16 &&
           key.size(2) <= 256 && records(query, key, value);
}

at::Tensor plain_attention(const at::Tensor &query, const at::Tensor &key,
                           const at::Tensor &value, bool causal, double scale) {
    auto scores = at::matmul(query * scale, key.transpose(-2, -1));
    if (causal) {
        auto later = at::ones({query.size(2), key.size(2)}, query.options().dtype(at::kBool));
        scores = scores.masked_fill(later.triu(1), -INFINITY);
    }
    return at::matmul(scores.softmax(-1), value);
}

}  // namespace

extern "C" {

bool ct_has_wide_attention(void) { return has_wide_attention(); }

ct_status ct_linear(ct_tensor a, ct_tensor weight, ct_tensor bias, ct_tensor *out) {
    return guarded([&] { give(out, at::linear(tensor(a), tensor(weight), maybe(bias))); });
}

ct_status ct_conv2d(ct_tensor a, ct_tensor weight, ct_tensor bias, int64_t stride,
                    int64_t padding, ct_tensor *out) {
    return guarded([&] {
        give(out, at::conv2d(tensor(a), tensor(weight), maybe(bias), {stride, stride},
                             {padding, padding}));
    });
}

ct_status ct_group_norm(ct_tensor a, int64_t groups, ct_tensor weight, ct_tensor bias,
                        double epsilon, ct_tensor *out) {
    return guarded([&] {
        give(out, at::group_norm(tensor(a), groups, maybe(weight), maybe(bias), epsilon));
    });
}

ct_status ct_layer_norm(ct_tensor a, ct_tensor weight, ct_tensor bias, double epsilon,
                        ct_tensor *out) {
    return guarded([&] {
        const auto &input = tensor(a);
        give(out, at::layer_norm(input, {input.size(-1)}, maybe(weight), maybe(bias), epsilon));
    });
}

ct_status ct_embedding(ct_tensor table, ct_tensor ids, ct_tensor *out) {
    return guarded([&] { give(out, at::embedding(tensor(table), tensor(ids))); });
}

ct_status ct_attention(ct_tensor query, ct_tensor key, ct_tensor value, ct_tensor mask,
                       bool causal, double scale, ct_tensor *out) {
    return guarded([&] {
        if (mask.impl == nullptr && !causal) {
            if (auto fast = wide_attention(tensor(query), tensor(key), tensor(value), scale))
                return give(out, *fast);
        }
        if (mask.impl == nullptr && is_better_plain(tensor(query), tensor(key), tensor(value)))
            return give(out, plain_attention(tensor(query), tensor(key), tensor(value), causal,
                                             scale));
        // Which kernel computes it would be asked of the device, which has none.
        if (tensor(query).is_meta())
            return give(out, std::get<0>(at::_scaled_dot_product_flash_attention_for_cpu(
                                 tensor(query), tensor(key), tensor(value), 0.0, causal,
                                 maybe(mask), scale)));
        give(out, at::scaled_dot_product_attention(tensor(query), tensor(key), tensor(value),
                                                   maybe(mask), 0.0, causal, scale));
    });
}

ct_status ct_upsample_nearest(ct_tensor a, int64_t height, int64_t width, ct_tensor *out) {
    return guarded([&] {
        const int64_t size[] = {height, width};
        give(out, at::upsample_nearest2d(tensor(a), at::IntArrayRef(size, 2)));
    });
}

ct_status ct_average_pool(ct_tensor a, int64_t size, ct_tensor *out) {
    return guarded([&] { give(out, at::avg_pool2d(tensor(a), {size, size})); });
}

}  // extern "C"
