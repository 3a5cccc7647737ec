// Dry runs: results without contents, so that what a training of full size holds can be counted on
// a small machine.
#include <ATen/ExpandUtils.h>
#include <ATen/WrapDimUtils.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/native/ConvUtils.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <mutex>

#include "simulated.hpp"

namespace simulated {
namespace {

using Values = std::vector<c10::IValue>;
// The results of an operator, from its arguments.
using Rule = Values (*)(const Values &);

Tensor like(const c10::IValue &value) { return at::empty_like(value.toTensor()); }

// Kernels that make their results themselves; all others are handed them.
const std::map<std::string, Rule> rules{
    {"aten::convolution", [](const Values &in) -> Values {
        auto input = in[0].toTensor(), weight = in[1].toTensor();
        auto for_axes = [&](size_t i) {
            auto values = in[i].toIntVector();
            values.resize(static_cast<size_t>(input.dim() - 2), values.at(0));
            return values;
        };
        auto size = at::native::conv_output_size(input.sizes(), weight.sizes(), for_axes(4),
                                                 for_axes(3), for_axes(5));
        auto last = at::MemoryFormat::ChannelsLast;
        bool is_last = input.suggest_memory_format() == last ||
                       weight.suggest_memory_format() == last;
        return {at::empty(size, input.options().memory_format(
                                    is_last ? last : at::MemoryFormat::Contiguous))};
    }},
    {"aten::convolution_backward", [](const Values &in) -> Values {
        auto wanted = in[10].toBoolList();
        auto weight = in[2].toTensor();
        return {wanted[0] ? like(in[1]) : Tensor(), wanted[1] ? like(in[2]) : Tensor(),
                wanted[2] ? at::empty({weight.size(0)}, weight.options()) : Tensor()};
    }},
    {"aten::native_group_norm", [](const Values &in) -> Values {
        auto means = at::empty({in[3].toInt(), in[6].toInt()}, in[0].toTensor().options());
        return {like(in[0]), means, at::empty_like(means)};
    }},
    {"aten::native_group_norm_backward", [](const Values &in) -> Values {
        auto wanted = in[9].toBoolList();
        auto channels = [&](bool is_wanted) {
            return is_wanted ? at::empty({in[6].toInt()}, in[0].toTensor().options()) : Tensor();
        };
        return {wanted[0] ? like(in[1]) : Tensor(), channels(wanted[1]), channels(wanted[2])};
    }},
    {"aten::native_layer_norm", [](const Values &in) -> Values {
        auto input = in[0].toTensor();
        auto size = input.sizes().vec();
        std::fill(size.end() - static_cast<int64_t>(in[1].toIntVector().size()), size.end(), 1);
        auto means = at::empty(size, input.options().dtype(at::kFloat));
        return {at::empty(input.sizes(), input.options()), means, at::empty_like(means)};
    }},
    {"aten::native_layer_norm_backward", [](const Values &in) -> Values {
        auto wanted = in[7].toBoolList();
        auto input = in[1].toTensor();
        return {wanted[0] ? at::empty(input.sizes(), input.options()) : Tensor(),
                wanted[1] ? like(in[5]) : Tensor(), wanted[2] ? like(in[6]) : Tensor()};
    }},
    {"aten::embedding_dense_backward", [](const Values &in) -> Values {
        auto gradient = in[0].toTensor();
        return {at::empty({in[2].toInt(), gradient.size(-1)}, gradient.options())};
    }},
    {"aten::index_select", [](const Values &in) -> Values {
        auto input = in[0].toTensor();
        auto size = input.sizes().vec();
        size[static_cast<size_t>(at::maybe_wrap_dim(in[1].toInt(), input.dim()))] =
            in[2].toTensor().numel();
        return {at::empty(size, input.options())};
    }},
    {"aten::bucketize", [](const Values &in) -> Values {
        auto type = in[2].toBool() ? at::kInt : at::kLong;
        return {at::empty(in[0].toTensor().sizes(), in[0].toTensor().options().dtype(type))};
    }},
    {"aten::where", [](const Values &in) -> Values {
        auto size = at::infer_size(at::infer_size(in[0].toTensor().sizes(),
                                                  in[1].toTensor().sizes()),
                                   in[2].toTensor().sizes());
        return {at::empty(size, in[1].toTensor().options())};
    }},
    {"aten::flip", [](const Values &in) -> Values { return {like(in[0])}; }},
    {"aten::mse_loss", [](const Values &in) -> Values {
        auto input = in[0].toTensor();
        return {in[2].toInt() ? at::empty({}, input.options()) : at::empty_like(input)};
    }},
    {"aten::mse_loss_backward", [](const Values &in) -> Values { return {like(in[1])}; }},
    {"aten::silu_backward", [](const Values &in) -> Values { return {like(in[1])}; }},
};

std::mutex misses_mutex;
std::map<std::string, int64_t> &misses() {
    static auto *all = new std::map<std::string, int64_t>;
    return *all;
}

// Gives a result that has no shape yet that of the operands together; false where the kernel has to
// say how large it is.
bool shape(const Tensor &result, const c10::OperatorHandle &op, const Values &in) {
    if (result.numel() > 0) return true;
    if (!op.hasTag(at::Tag::pointwise)) return false;
    std::vector<int64_t> size;
    auto format = at::MemoryFormat::Contiguous;
    for (auto &value : in) {
        if (!value.isTensor() || value.toTensor().is_same(result)) continue;
        if (size.empty()) format = value.toTensor().suggest_memory_format();
        size = at::infer_size(size, value.toTensor().sizes());
    }
    give_shape(result, size, size.size() == 4 ? format : at::MemoryFormat::Contiguous);
    return true;
}

// The results that are among the arguments; nothing where others are made.
std::optional<Values> given(const c10::OperatorHandle &op, const Values &in) {
    auto &schema = op.schema();
    Values out;
    for (auto &result : schema.returns()) {
        auto *alias = result.alias_info();
        if (!alias || !alias->isWrite()) return std::nullopt;
        for (size_t i = 0; i < in.size(); i++) {
            auto *info = schema.arguments()[i].alias_info();
            if (!info || !(*info == *alias)) continue;
            if (in[i].isTensor() && !shape(in[i].toTensor(), op, in)) return std::nullopt;
            out.push_back(in[i]);
            break;
        }
    }
    if (out.size() != schema.returns().size()) return std::nullopt;
    return out;
}

}  // namespace

bool compute_dry(const c10::OperatorHandle &op, Stack *stack) {
    auto &schema = op.schema();
    const auto first = stack->end() - static_cast<int64_t>(schema.arguments().size());
    const Values in(first, stack->end());
    auto out = given(op, in);
    if (auto rule = rules.find(schema.name()); !out && rule != rules.end()) out = rule->second(in);
    if (!out) {
        std::lock_guard<std::mutex> lock(misses_mutex);
        misses()[toString(op.schema().operator_name())]++;
        return false;
    }
    stack->erase(first, stack->end());
    stack->insert(stack->end(), out->begin(), out->end());
    return true;
}

std::map<std::string, int64_t> dry_misses() {
    std::lock_guard<std::mutex> lock(misses_mutex);
    return misses();
}

}  // namespace simulated
