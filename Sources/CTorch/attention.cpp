// Attention on x86 processors with AVX-512, for what needs no gradients.
//
// The online softmax of Dao et al. 2022 (arXiv 2205.14135, algorithm 1) over blocks of keys, on bf16
// operands, in fp32. LibTorch's kernel computes its two matrix products through calls that do not
// pay at heads of 40 to 160 numbers; here both stay in registers, at 1.3 to 1.9 times its speed. In
// fp32 there is nothing to gain: whole networks were slower with it.
#include "attention.hpp"

#if defined(__x86_64__)

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <immintrin.h>

#include <atomic>

#define WIDE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define WIDE_INLINE WIDE __attribute__((always_inline)) static inline

namespace {

// The threads of LibTorch's own OpenMP, found where it is loaded. LibTorch's `parallel_for` is a
// template over a pragma, which clang would turn into calls of another OpenMP, which is not there.
using Parallel = void (*)(void (*body)(void *), void *data, unsigned threads, unsigned flags);

Parallel parallel() {
    static const auto found = reinterpret_cast<Parallel>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
    return found;
}

// Runs `body(i)` for every i below `count`, each on whichever thread is free.
template <class Body>
void spread(int64_t count, const Body &body) {
    struct Work {
        const Body &body;
        const int64_t count;
        std::atomic<int64_t> next{0};
    } work{body, count};
    auto run = [](void *data) {
        auto &work = *static_cast<Work *>(data);
        for (int64_t i; (i = work.next.fetch_add(1)) < work.count;) work.body(i);
    };
    parallel()(run, &work, static_cast<unsigned>(at::get_num_threads()), 0);
}

using Element = at::BFloat16;

constexpr int64_t query_rows = 6;   // queries that are worked on at once
constexpr int64_t tile_rows = 96;   // queries that pass one block of keys: sixteen times six
constexpr int64_t key_block = 64;   // keys that are worked on at once: four registers
constexpr int64_t lanes = 16;

// 2^x, with a relative error under 2e-7: Cephes' exp2f polynomial on the fraction.
WIDE_INLINE __m512 exp2(__m512 x) {
    // In this order what is not a number stays so.
    x = _mm512_max_ps(_mm512_set1_ps(-126.0f), x);
    __m512 whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m512 part = _mm512_sub_ps(x, whole);
    __m512 sum = _mm512_set1_ps(1.535336188319500e-4f);
    sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(1.339887440266574e-3f));
    sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(9.618437357674640e-3f));
    sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(5.550332471162809e-2f));
    sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(2.402264791363012e-1f));
    sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(6.931472028550421e-1f));
    sum = _mm512_fmadd_ps(sum, part, _mm512_set1_ps(1.0f));
    return _mm512_scalef_ps(sum, whole);
}

// scores[6][64] = queries[6][size] · keys[size][64]
WIDE static void multiply_keys(const float *queries, const float *keys, int64_t size,
                               float *scores) {
    __m512 sum[query_rows][4];
    for (int row = 0; row < query_rows; row++)
        for (int part = 0; part < 4; part++) sum[row][part] = _mm512_setzero_ps();
    for (int64_t i = 0; i < size; i++) {
        __m512 key[4];
        for (int part = 0; part < 4; part++)
            key[part] = _mm512_loadu_ps(keys + i * key_block + part * lanes);
        for (int row = 0; row < query_rows; row++) {
            __m512 query = _mm512_set1_ps(queries[row * size + i]);
            for (int part = 0; part < 4; part++)
                sum[row][part] = _mm512_fmadd_ps(query, key[part], sum[row][part]);
        }
    }
    for (int row = 0; row < query_rows; row++)
        for (int part = 0; part < 4; part++)
            _mm512_storeu_ps(scores + row * key_block + part * lanes, sum[row][part]);
}

// output[6][width] = output · factors[6] + weights[6][64] · values[64][width], for some registers
// of the width.
template <int registers>
WIDE static void add_values(const float *weights, const float *factors, const float *values,
                            int64_t width, float *output) {
    __m512 sum[query_rows][registers];
    for (int row = 0; row < query_rows; row++) {
        __m512 factor = _mm512_set1_ps(factors[row]);
        for (int part = 0; part < registers; part++)
            sum[row][part] =
                _mm512_mul_ps(factor, _mm512_loadu_ps(output + row * width + part * lanes));
    }
    for (int64_t key = 0; key < key_block; key++) {
        __m512 value[registers];
        for (int part = 0; part < registers; part++)
            value[part] = _mm512_loadu_ps(values + key * width + part * lanes);
        for (int row = 0; row < query_rows; row++) {
            __m512 weight = _mm512_set1_ps(weights[row * key_block + key]);
            for (int part = 0; part < registers; part++)
                sum[row][part] = _mm512_fmadd_ps(weight, value[part], sum[row][part]);
        }
    }
    for (int row = 0; row < query_rows; row++)
        for (int part = 0; part < registers; part++)
            _mm512_storeu_ps(output + row * width + part * lanes, sum[row][part]);
}

WIDE static void add_all_values(const float *weights, const float *factors, const float *values,
                                int64_t width, float *output) {
    for (int64_t begin = 0; begin < width; begin += 4 * lanes) {
        const float *from = values + begin;
        float *to = output + begin;
        switch (std::min<int64_t>(4, (width - begin) / lanes)) {
            case 1: add_values<1>(weights, factors, from, width, to); break;
            case 2: add_values<2>(weights, factors, from, width, to); break;
            case 3: add_values<3>(weights, factors, from, width, to); break;
            default: add_values<4>(weights, factors, from, width, to); break;
        }
    }
}

// Turns scores into weights in place and keeps the running maximum and sum of each row; `factors`
// says by how much what was added up before must shrink.
WIDE static void soften(float *scores, int64_t keys_left, float *maxima, float *sums,
                        float *factors) {
    for (int row = 0; row < query_rows; row++) {
        float *line = scores + row * key_block;
        for (int64_t key = keys_left; key < key_block; key++) line[key] = -INFINITY;
        __m512 part[4];
        for (int i = 0; i < 4; i++) part[i] = _mm512_loadu_ps(line + i * lanes);
        float top = _mm512_reduce_max_ps(
            _mm512_max_ps(_mm512_max_ps(part[0], part[1]), _mm512_max_ps(part[2], part[3])));
        float maximum = std::max(maxima[row], top);
        __m512 total = _mm512_setzero_ps();
        for (int i = 0; i < 4; i++) {
            __m512 shifted = _mm512_sub_ps(part[i], _mm512_set1_ps(maximum));
            // What is no key must weigh exactly nothing.
            __mmask16 real = _mm512_cmp_ps_mask(part[i], _mm512_set1_ps(-INFINITY), _CMP_NEQ_UQ);
            __m512 weight = _mm512_maskz_mov_ps(real, exp2(shifted));
            total = _mm512_add_ps(total, weight);
            _mm512_storeu_ps(line + i * lanes, weight);
        }
        factors[row] = maxima[row] == -INFINITY ? 0.0f : std::exp2(maxima[row] - maximum);
        sums[row] = sums[row] * factors[row] + _mm512_reduce_add_ps(total);
        maxima[row] = maximum;
    }
}

struct Operand {
    const Element *data;
    int64_t batch_stride, head_stride, token_stride;

    explicit Operand(const at::Tensor &tensor)
        : data(static_cast<const Element *>(tensor.const_data_ptr())), batch_stride(tensor.stride(0)),
          head_stride(tensor.stride(1)), token_stride(tensor.stride(2)) {}

    const Element *row(int64_t batch, int64_t head, int64_t token) const {
        return data + batch * batch_stride + head * head_stride + token * token_stride;
    }
};

// Keys as blocks of [size][64] and values as rows of `width`, both in fp32 and padded with zeros.
void pack(const Operand &key, const Operand &value, int64_t batch, int64_t head,
          int64_t keys, int64_t size, int64_t width, float *packed_keys, float *packed_values) {
    for (int64_t token = 0; token < keys; token++) {
        float *block = packed_keys + token / key_block * key_block * size + token % key_block;
        const Element *key_row = key.row(batch, head, token);
        const Element *value_row = value.row(batch, head, token);
        for (int64_t i = 0; i < size; i++) block[i * key_block] = static_cast<float>(key_row[i]);
        for (int64_t i = 0; i < size; i++)
            packed_values[token * width + i] = static_cast<float>(value_row[i]);
    }
}

at::Tensor attend(const at::Tensor &query_tensor, const at::Tensor &key_tensor,
                  const at::Tensor &value_tensor, double scale) {
    const Operand query(query_tensor), key(key_tensor), value(value_tensor);
    const int64_t batches = query_tensor.size(0), heads = query_tensor.size(1);
    const int64_t queries = query_tensor.size(2), keys = key_tensor.size(2);
    const int64_t size = query_tensor.size(3);
    const int64_t width = (size + lanes - 1) / lanes * lanes;
    const int64_t blocks = (keys + key_block - 1) / key_block;

    // [batch, tokens, heads, size]: so the heads join again without a copy.
    auto output = at::empty({batches, queries, heads, size}, query_tensor.options());
    auto packed_keys = at::zeros({batches * heads, blocks * key_block * size}, at::kFloat);
    auto packed_values = at::zeros({batches * heads, blocks * key_block * width}, at::kFloat);
    float *all_keys = static_cast<float *>(packed_keys.mutable_data_ptr());
    float *all_values = static_cast<float *>(packed_values.mutable_data_ptr());
    Element *all_output = static_cast<Element *>(output.mutable_data_ptr());
    const int64_t keys_length = packed_keys.size(1), values_length = packed_values.size(1);
    spread(batches * heads, [&](int64_t i) {
        pack(key, value, i / heads, i % heads, keys, size, width, all_keys + i * keys_length,
             all_values + i * values_length);
    });

    // The scores are powers of two, so the scale takes the change of base along.
    const float factor = static_cast<float>(scale * 1.4426950408889634);
    const int64_t tiles = (queries + tile_rows - 1) / tile_rows;
    spread(batches * heads * tiles, [&](int64_t i) {
        std::vector<float> rows(tile_rows * size), sums_of(tile_rows * width);
        std::vector<float> maxima(tile_rows, -INFINITY), sums(tile_rows);
        alignas(64) float scores[query_rows * key_block];
        float factors[query_rows];
        const int64_t place = i / tiles, first = i % tiles * tile_rows;
        const int64_t batch = place / heads, head = place % heads;
        const int64_t count = std::min(tile_rows, queries - first);
        for (int64_t row = 0; row < count; row++) {
            const Element *from = query.row(batch, head, first + row);
            for (int64_t j = 0; j < size; j++)
                rows[row * size + j] = static_cast<float>(from[j]) * factor;
        }
        const float *key_blocks = all_keys + place * keys_length;
        const float *value_rows = all_values + place * values_length;
        for (int64_t block = 0; block < blocks; block++) {
            // A block of keys and values stays in the first cache while all rows pass.
            for (int64_t row = 0; row < count; row += query_rows) {
                multiply_keys(rows.data() + row * size, key_blocks + block * key_block * size,
                              size, scores);
                soften(scores, keys - block * key_block, maxima.data() + row,
                       sums.data() + row, factors);
                add_all_values(scores, factors, value_rows + block * key_block * width, width,
                               sums_of.data() + row * width);
            }
        }
        for (int64_t row = 0; row < count; row++) {
            Element *to = all_output + ((batch * queries + first + row) * heads + head) * size;
            const float inverse = 1.0f / sums[row];
            for (int64_t j = 0; j < size; j++)
                to[j] = static_cast<Element>(sums_of[row * width + j] * inverse);
        }
    });
    return output.transpose(1, 2);
}

bool suits(const at::Tensor &tensor) {
    return tensor.device().is_cpu() && tensor.scalar_type() == at::kBFloat16 &&
           tensor.dim() == 4 && tensor.stride(3) == 1;
}

}  // namespace

namespace ctorch {

bool has_wide_attention() {
    static const bool is_wide =
        __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return is_wide && parallel();
}

std::optional<at::Tensor> wide_attention(const at::Tensor &query, const at::Tensor &key,
                                         const at::Tensor &value, double scale) {
    const bool records = c10::GradMode::is_enabled() &&
                         (query.requires_grad() || key.requires_grad() || value.requires_grad());
    if (!has_wide_attention() || records) return std::nullopt;
    if (!suits(query) || !suits(key) || !suits(value)) return std::nullopt;
    if (query.size(3) != key.size(3) || key.sizes() != value.sizes() || key.size(2) == 0 ||
        query.size(0) != key.size(0) || query.size(1) != key.size(1))
        return std::nullopt;
    return attend(query, key, value, scale);
}

}  // namespace ctorch

#else

namespace ctorch {

bool has_wide_attention() { return false; }

std::optional<at::Tensor> wide_attention(const at::Tensor &, const at::Tensor &,
                                         const at::Tensor &, double) {
    return std::nullopt;
}

}  // namespace ctorch

#endif
