#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "meta.hpp"

using namespace ctorch;

// A block of zeros alone has no scale to divide by.
static constexpr float smallest_scale = 1e-38f;

static void check_blocks(const at::Tensor &codes, const at::Tensor &scales, int64_t block_size) {
    TORCH_CHECK(codes.scalar_type() == at::kByte && codes.dim() == 1 && codes.is_contiguous(),
                "codes are one row of bytes");
    TORCH_CHECK(scales.scalar_type() == at::kFloat && scales.dim() == 1 && scales.is_contiguous(),
                "scales are one row of float32");
    TORCH_CHECK(scales.size(0) == (codes.size(0) + block_size - 1) / block_size,
                "one scale for each block");
}

// On a CPU these loops are several times as fast as ATen's gather and search.
static at::Tensor load_on_cpu(const at::Tensor &codes, const at::Tensor &scales,
                              const at::Tensor &table, int64_t block_size) {
    auto result = at::empty({scales.size(0), block_size}, scales.options());
    const auto *code = static_cast<const uint8_t *>(codes.const_data_ptr());
    const auto *scale = static_cast<const float *>(scales.const_data_ptr());
    const auto *number = static_cast<const float *>(table.const_data_ptr());
    auto *value = static_cast<float *>(result.mutable_data_ptr());
    int64_t count = codes.size(0);
    at::parallel_for(0, scales.size(0), 64, [&](int64_t begin, int64_t end) {
        for (int64_t block = begin; block < end; block++) {
            int64_t first = block * block_size;
            int64_t last = std::min(first + block_size, count);
            for (int64_t i = first; i < last; i++) value[i] = number[code[i]] * scale[block];
            std::fill(value + last, value + first + block_size, 0.0f);
        }
    });
    return result;
}

static void store_on_cpu(const at::Tensor &values, const at::Tensor &midpoints,
                         const at::Tensor &codes, const at::Tensor &scales) {
    const auto *value = static_cast<const float *>(values.const_data_ptr());
    const auto *midpoint = static_cast<const float *>(midpoints.const_data_ptr());
    auto *code = static_cast<uint8_t *>(codes.mutable_data_ptr());
    auto *scale = static_cast<float *>(scales.mutable_data_ptr());
    int64_t count = codes.size(0);
    int64_t block_size = values.size(1);
    at::parallel_for(0, scales.size(0), 64, [&](int64_t begin, int64_t end) {
        for (int64_t block = begin; block < end; block++) {
            int64_t first = block * block_size;
            float largest = 0;
            for (int64_t i = first; i < first + block_size; i++) {
                largest = std::max(largest, std::abs(value[i]));
            }
            scale[block] = largest;
            float divisor = std::max(largest, smallest_scale);
            // Several searches at once: each step of one waits for the step before it.
            constexpr int64_t lanes = 16;
            int64_t last = std::min(first + block_size, count);
            for (int64_t i = first; i < last; i += lanes) {
                int64_t used = std::min(lanes, last - i);
                float wanted[lanes] = {};
                int32_t below[lanes] = {};
                for (int64_t lane = 0; lane < used; lane++) {
                    wanted[lane] = value[i + lane] / divisor;
                }
                for (int32_t step = 128; step > 0; step /= 2) {
                    for (int64_t lane = 0; lane < lanes; lane++) {
                        bool is_below = midpoint[below[lane] + step - 1] < wanted[lane];
                        below[lane] += is_below ? step : 0;
                    }
                }
                for (int64_t lane = 0; lane < used; lane++) {
                    code[i + lane] = static_cast<uint8_t>(below[lane]);
                }
            }
        }
    });
}

extern "C" {

ct_status ct_load_blocks(ct_tensor codes_handle, ct_tensor scales_handle, ct_tensor table_handle,
                         int64_t block_size, ct_tensor *out) {
    return guarded([&] {
        c10::NoGradGuard no_grad;
        const auto &codes = tensor(codes_handle);
        const auto &scales = tensor(scales_handle);
        const auto &table = tensor(table_handle);
        check_blocks(codes, scales, block_size);
        TORCH_CHECK(table.numel() == 256 && table.is_contiguous(), "a table has 256 numbers");
        if (codes.is_cpu()) return give(out, load_on_cpu(codes, scales, table, block_size));
        if (is_on_processor(codes))
            return give(out, at::empty({scales.size(0), block_size}, scales.options()));
        auto numbers = at::index_select(table, 0, codes.to(at::kInt));
        int64_t rest = scales.size(0) * block_size - codes.size(0);
        if (rest > 0) numbers = at::constant_pad_nd(numbers, {0, rest});
        give(out, numbers.view({-1, block_size}).mul_(scales.unsqueeze(1)));
    });
}

ct_status ct_store_blocks(ct_tensor values_handle, ct_tensor midpoints_handle,
                          ct_tensor codes_handle, ct_tensor scales_handle) {
    return guarded([&] {
        c10::NoGradGuard no_grad;
        const auto &values = tensor(values_handle);
        const auto &midpoints = tensor(midpoints_handle);
        at::Tensor codes = tensor(codes_handle);
        at::Tensor scales = tensor(scales_handle);
        TORCH_CHECK(values.dim() == 2 && values.is_contiguous() &&
                        values.scalar_type() == at::kFloat,
                    "values are rows of float32");
        TORCH_CHECK(midpoints.numel() == 255 && midpoints.is_contiguous(),
                    "256 numbers have 255 midpoints");
        check_blocks(codes, scales, values.size(1));
        if (codes.is_cpu()) return store_on_cpu(values, midpoints, codes, scales);
        if (is_on_processor(codes)) return;
        scales.copy_(at::amax(at::abs(values), 1));
        auto scaled = values / scales.clamp_min(smallest_scale).unsqueeze(1);
        auto below = at::bucketize(scaled, midpoints, /*out_int32=*/true, /*right=*/false);
        codes.copy_(below.view(-1).narrow(0, 0, codes.size(0)));
    });
}

}  // extern "C"
