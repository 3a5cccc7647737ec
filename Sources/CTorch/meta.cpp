#include "meta.hpp"

#include <ATen/ExpandUtils.h>
#include <ATen/WrapDimUtils.h>
#include <ATen/native/ConvUtils.h>
#include <c10/core/Allocator.h>
#include <torch/library.h>

#include <memory>
#include <mutex>

#include "caching_memory.hpp"

namespace ctorch {

namespace {

thread_local Memory current = Memory::processor;

// What malloc gives is rounded to this.
constexpr size_t alignment = 64;

struct Accounts;

struct Piece {
    std::shared_ptr<Accounts> accounts;
    Memory memory;
    size_t bytes;
    CachingMemory::Address address;
};

// What the tensors that a thread makes would take; other threads may free them.
struct Accounts : std::enable_shared_from_this<Accounts> {
    std::mutex mutex;
    MetaUsage processor{}, disk{};
    CachingMemory gpu;

    // Of what is counted byte by byte.
    MetaUsage &bytes_of(Memory memory) { return memory == Memory::disk ? disk : processor; }

    static Accounts &of_thread() {
        thread_local auto own = std::make_shared<Accounts>();
        return *own;
    }

    Piece *take(size_t bytes) {
        std::lock_guard<std::mutex> lock(mutex);
        bytes = (bytes + alignment - 1) / alignment * alignment;
        auto *piece = new Piece{shared_from_this(), current, bytes, 0};
        if (bytes == 0) return piece;
        if (piece->memory == Memory::gpu) {
            piece->address = gpu.take(bytes);
        } else {
            auto &usage = bytes_of(piece->memory);
            usage.in_use += static_cast<int64_t>(bytes);
            usage.peak_in_use = std::max(usage.peak_in_use, usage.in_use);
        }
        return piece;
    }

    void give_back(const Piece &piece) {
        std::lock_guard<std::mutex> lock(mutex);
        if (piece.address)
            gpu.give_back(piece.address);
        else if (piece.memory != Memory::gpu)
            bytes_of(piece.memory).in_use -= static_cast<int64_t>(piece.bytes);
    }
};

class MetaAllocator final : public c10::Allocator {
public:
    at::DataPtr allocate(size_t bytes) override {
        return {nullptr, Accounts::of_thread().take(bytes), &release, at::Device(at::kMeta)};
    }
    at::DeleterFnPtr raw_deleter() const override { return nullptr; }
    void copy_data(void *, const void *, size_t) const override {}

    static void release(void *context) {
        // The accounts are kept until the lock on them is given back.
        const std::unique_ptr<Piece> piece(static_cast<Piece *>(context));
        piece->accounts->give_back(*piece);
    }
};

const Piece *piece_of(const at::Tensor &tensor) {
    if (!tensor.has_storage()) return nullptr;
    return tensor.storage().data_ptr().cast_context<Piece>(&MetaAllocator::release);
}

const bool is_registered = [] {
    static MetaAllocator allocator;
    c10::SetAllocator(at::kMeta, &allocator, /*priority=*/1);
    return true;
}();

}  // namespace

Memory memory_of(const at::Tensor &tensor) {
    auto *piece = piece_of(tensor);
    if (!piece) return current;
    return piece->memory == Memory::gpu ? Memory::gpu : Memory::processor;
}

bool is_counted_on_disk(const at::Tensor &tensor) {
    auto *piece = piece_of(tensor);
    return piece && piece->memory == Memory::disk;
}

bool is_on_processor(const at::Tensor &tensor) {
    return tensor.is_cpu() || (tensor.is_meta() && memory_of(tensor) == Memory::processor);
}

void follow(const at::Tensor &operand) {
    // Numbers without axes are what they are computed with.
    if (operand.dim() > 0) current = memory_of(operand);
}

MemoryScope::MemoryScope(Memory memory) : before(std::exchange(current, memory)) {}
MemoryScope::MemoryScope() : before(current) {}
MemoryScope::~MemoryScope() { current = before; }

at::Tensor convert_meta(const at::Tensor &tensor, at::ScalarType dtype, Memory memory,
                        at::MemoryFormat format, bool copy) {
    const bool is_moved = memory_of(tensor) != memory;
    MemoryScope scope(memory);
    return tensor.to(tensor.device(), dtype, /*non_blocking=*/false, copy || is_moved, format);
}

MetaUsage meta_usage(Memory memory) {
    auto &accounts = Accounts::of_thread();
    std::lock_guard<std::mutex> lock(accounts.mutex);
    if (memory != Memory::gpu) {
        auto usage = accounts.bytes_of(memory);
        usage.peak_reserved = usage.peak_in_use;
        return usage;
    }
    const auto &gpu = accounts.gpu;
    auto whole = [](size_t bytes) { return static_cast<int64_t>(bytes); };
    return {whole(gpu.in_use), whole(gpu.peak_in_use), whole(gpu.peak_reserved)};
}

void reset_meta_peaks(Memory memory) {
    auto &accounts = Accounts::of_thread();
    std::lock_guard<std::mutex> lock(accounts.mutex);
    if (memory == Memory::gpu) return accounts.gpu.reset_peaks();
    auto &usage = accounts.bytes_of(memory);
    usage.peak_in_use = usage.in_use;
}

void release_cached_meta(Memory memory) {
    auto &accounts = Accounts::of_thread();
    std::lock_guard<std::mutex> lock(accounts.mutex);
    if (memory == Memory::gpu) accounts.gpu.release_cached();
}

// What LibTorch computes shapes of in Python only: results of the right size, without contents.
namespace {

using at::Tensor;
using Optional = std::optional<Tensor>;

Tensor like(const Tensor &tensor, bool is_wanted = true) {
    return is_wanted ? at::empty_like(tensor) : Tensor();
}

Tensor convolution(const Tensor &input, const Tensor &weight, const Optional &,
                   at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool,
                   at::IntArrayRef, int64_t) {
    // One number stands for all axes.
    auto of_axes = [&](at::IntArrayRef values) {
        auto all = values.vec();
        all.resize(static_cast<size_t>(input.dim() - 2), values[0]);
        return all;
    };
    auto size = at::native::conv_output_size(input.sizes(), weight.sizes(), of_axes(padding),
                                             of_axes(stride), of_axes(dilation));
    constexpr auto last = at::MemoryFormat::ChannelsLast;
    const bool is_last =
        input.suggest_memory_format() == last || weight.suggest_memory_format() == last;
    return at::empty(size, input.options().memory_format(
                               is_last ? last : at::MemoryFormat::Contiguous));
}

std::tuple<Tensor, Tensor, Tensor> convolution_backward(
    const Tensor &, const Tensor &input, const Tensor &weight, at::OptionalIntArrayRef,
    at::IntArrayRef, at::IntArrayRef, at::IntArrayRef, bool, at::IntArrayRef, int64_t,
    std::array<bool, 3> wanted) {
    return {like(input, wanted[0]), like(weight, wanted[1]),
            wanted[2] ? at::empty({weight.size(0)}, weight.options()) : Tensor()};
}

std::tuple<Tensor, Tensor, Tensor> group_norm(const Tensor &input, const Optional &,
                                              const Optional &, int64_t rows, int64_t, int64_t,
                                              int64_t groups, double) {
    auto means = at::empty({rows, groups}, input.options());
    return {like(input), means, like(means)};
}

std::tuple<Tensor, Tensor, Tensor> group_norm_backward(
    const Tensor &, const Tensor &input, const Tensor &, const Tensor &, const Optional &weight,
    int64_t, int64_t channels, int64_t, int64_t, std::array<bool, 3> wanted) {
    auto of_channels = [&](bool is_wanted) {
        return is_wanted ? at::empty({channels}, (weight ? *weight : input).options()) : Tensor();
    };
    return {like(input, wanted[0]), of_channels(wanted[1]), of_channels(wanted[2])};
}

std::tuple<Tensor, Tensor, Tensor> layer_norm(const Tensor &input, at::IntArrayRef normalized,
                                              const Optional &, const Optional &, double) {
    auto size = input.sizes().vec();
    std::fill(size.end() - static_cast<int64_t>(normalized.size()), size.end(), 1);
    const bool is_narrow = is_on_processor(input);
    auto means = at::empty(size, is_narrow ? input.options() : input.options().dtype(at::kFloat));
    return {at::empty(input.sizes(), input.options()), means, like(means)};
}

std::tuple<Tensor, Tensor, Tensor> layer_norm_backward(
    const Tensor &, const Tensor &input, at::IntArrayRef, const Tensor &, const Tensor &,
    const Optional &weight, const Optional &bias, std::array<bool, 3> wanted) {
    return {like(input, wanted[0]), wanted[1] ? like(*weight) : Tensor(),
            wanted[2] ? like(*bias) : Tensor()};
}

Tensor embedding_dense_backward(const Tensor &gradient, const Tensor &, int64_t rows, int64_t,
                                bool) {
    return at::empty({rows, gradient.size(-1)}, gradient.options());
}

Tensor index_select(const Tensor &input, int64_t axis, const Tensor &indices) {
    auto size = input.sizes().vec();
    size[static_cast<size_t>(at::maybe_wrap_dim(axis, input.dim()))] = indices.numel();
    return at::empty(size, input.options());
}

Tensor bucketize(const Tensor &input, const Tensor &, bool is_int, bool) {
    return at::empty(input.sizes(), input.options().dtype(is_int ? at::kInt : at::kLong));
}

Tensor where(const Tensor &condition, const Tensor &first, const Tensor &second) {
    auto size = at::infer_size(at::infer_size(condition.sizes(), first.sizes()), second.sizes());
    return at::empty(size, first.options().dtype(at::result_type(first, second)));
}

Tensor flip(const Tensor &input, at::IntArrayRef) { return like(input); }

const Tensor &shaped(const Tensor &result, const Tensor &input) {
    return result.resize_(input.sizes(), input.suggest_memory_format());
}

Tensor &abs_out(const Tensor &input, Tensor &result) {
    shaped(result, input);
    return result;
}

Tensor &logical_not_out(const Tensor &input, Tensor &result) {
    shaped(result, input);
    return result;
}

Tensor &logical_and_out(const Tensor &first, const Tensor &second, Tensor &result) {
    result.resize_(at::infer_size(first.sizes(), second.sizes()),
                   first.dim() < 4 ? at::MemoryFormat::Contiguous : first.suggest_memory_format());
    return result;
}

Tensor relu(const Tensor &input) { return like(input); }

Tensor variance(const Tensor &input, at::OptionalIntArrayRef axes,
                const std::optional<at::Scalar> &, bool keep) {
    return at::mean(input, axes, keep);
}

// A fused kernel never holds the scores; it keeps a sum for every row. The result lies as [batch,
// tokens, heads, size].
std::tuple<Tensor, Tensor> attention(const Tensor &query, const Tensor &, const Tensor &value,
                                     double, bool, const Optional &, std::optional<double>) {
    const auto batch = query.size(0), heads = query.size(1), count = query.size(2);
    return {at::empty({batch, count, heads, value.size(3)}, query.options()).transpose(1, 2),
            at::empty({batch, heads, count}, query.options().dtype(at::kFloat))};
}

// On a GPU: the inner products of every row and, in flash attention, the queries' gradient in
// fp32, padded.
std::vector<Tensor> workspace(const Tensor &query) {
    if (is_on_processor(query)) return {};
    auto padded = [](int64_t count, int64_t step) { return (count + step - 1) / step * step; };
    const auto batch = query.size(0), heads = query.size(1), head = query.size(3);
    auto in_fp32 = query.options().dtype(at::kFloat);
    if (query.scalar_type() == at::kFloat)
        return {at::empty({batch, heads, query.size(2)}, in_fp32)};
    const auto rows = padded(query.size(2), 128), width = padded(head, head <= 128 ? 32 : 64);
    return {at::empty({batch, heads, rows}, in_fp32),
            at::empty({batch, heads, rows, width}, in_fp32)};
}

std::tuple<Tensor, Tensor, Tensor> attention_backward(
    const Tensor &, const Tensor &query, const Tensor &key, const Tensor &value, const Tensor &,
    const Tensor &, double, bool, const Optional &, std::optional<double>) {
    auto held = workspace(query);
    return {like(query), like(key), like(value)};
}

// In place: there is nothing to be counted.
void adamw(at::TensorList, at::TensorList, at::TensorList, at::TensorList, at::TensorList,
           at::TensorList, double, double, double, double, double, bool, bool, const Optional &,
           const Optional &) {}

// What ends a search for something that is not finite.
at::Scalar read(const Tensor &tensor) {
    return tensor.scalar_type() == at::kBool ? at::Scalar(true) : at::Scalar(1);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, Meta, library) {
    library.impl("convolution", &convolution);
    library.impl("convolution_backward", &convolution_backward);
    library.impl("native_group_norm", &group_norm);
    library.impl("native_group_norm_backward", &group_norm_backward);
    library.impl("native_layer_norm", &layer_norm);
    library.impl("native_layer_norm_backward", &layer_norm_backward);
    library.impl("embedding_dense_backward", &embedding_dense_backward);
    library.impl("index_select", &index_select);
    library.impl("bucketize.Tensor", &bucketize);
    library.impl("where.self", &where);
    library.impl("flip", &flip);
    library.impl("abs.out", &abs_out);
    library.impl("logical_not.out", &logical_not_out);
    library.impl("logical_and.out", &logical_and_out);
    library.impl("relu", &relu);
    library.impl("var.correction", &variance);
    library.impl("_scaled_dot_product_flash_attention_for_cpu", &attention);
    library.impl("_scaled_dot_product_flash_attention_for_cpu_backward", &attention_backward);
    library.impl("_fused_adamw_", &adamw);
    library.impl("_local_scalar_dense", &read);
}

}  // namespace ctorch
