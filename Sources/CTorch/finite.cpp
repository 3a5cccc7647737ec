#include <ATen/Parallel.h>

#include <atomic>

#include "internal.hpp"

using namespace ctorch;

// Infinities and what is not a number have every bit of the exponent set. Whole numbers without a
// branch: the compiler makes vectors of it, and a pass costs what reading the memory costs.
template <class Bits>
static bool all_finite(const Bits *bits, int64_t count, Bits exponent) {
    std::atomic<bool> finite{true};
    at::parallel_for(0, count, 1 << 16, [&](int64_t begin, int64_t end) {
        bool found = false;
        for (int64_t i = begin; i < end; i++) found |= (bits[i] & exponent) == exponent;
        if (found) finite.store(false, std::memory_order_relaxed);
    });
    return finite.load();
}

static bool all_finite_on_cpu(const at::Tensor &a) {
    const auto dense = a.is_non_overlapping_and_dense() ? a : a.contiguous();
    const void *data = dense.const_data_ptr();
    switch (dense.scalar_type()) {
        case at::kHalf:
            return all_finite<uint16_t>(static_cast<const uint16_t *>(data), dense.numel(), 0x7C00);
        case at::kBFloat16:
            return all_finite<uint16_t>(static_cast<const uint16_t *>(data), dense.numel(), 0x7F80);
        case at::kFloat:
            return all_finite<uint32_t>(
                static_cast<const uint32_t *>(data), dense.numel(), 0x7F80'0000);
        case at::kDouble:
            return all_finite<uint64_t>(
                static_cast<const uint64_t *>(data), dense.numel(), 0x7FF0'0000'0000'0000);
        default: return true;
    }
}

extern "C" {

ct_status ct_all_finite(ct_tensor a, bool *out) {
    return guarded([&] {
        c10::NoGradGuard no_grad;
        const auto &values = tensor(a);
        if (values.is_meta()) {
            *out = true;
            return;
        }
        *out = values.is_cpu() ? all_finite_on_cpu(values)
                               : at::isfinite(values).all().item<bool>();
    });
}

}  // extern "C"
