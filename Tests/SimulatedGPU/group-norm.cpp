// CUDA has no group norm for channels that come last: they are copied to come first, and stay so.
// The CPU has one, and other sums; LibTorch decides that by the kind of device, so where bits are
// to be compared the device needs a group norm of its own, forward and backward.
#include <ATen/ops/native_group_norm.h>
#include <ATen/ops/native_group_norm_backward.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "simulated.hpp"

namespace simulated {
namespace {

using Maybe = std::optional<Tensor>;

std::tuple<Tensor, Tensor, Tensor> compute_group_norm(
    const Tensor &input, int64_t groups, const Maybe &weight, const Maybe &bias, double epsilon) {
    const auto batch = input.size(0), channels = input.size(1);
    return at::native_group_norm(input, weight, bias, batch, channels,
                                 input.numel() / (batch * channels), groups, epsilon);
}

struct GroupNorm : torch::autograd::Function<GroupNorm> {
    static Tensor forward(torch::autograd::AutogradContext *context, const Tensor &input,
                          int64_t groups, const Maybe &weight, const Maybe &bias, double epsilon) {
        auto dense = input.contiguous(input.suggest_memory_format());
        auto [output, means, deviations] =
            compute_group_norm(dense, groups, weight, bias, epsilon);
        context->save_for_backward({dense, means, deviations, weight.value_or(Tensor())});
        context->saved_data["groups"] = groups;
        return output;
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        auto &input = saved[0];
        const auto batch = input.size(0), channels = input.size(1);
        auto [of_input, of_weight, of_bias] = at::native_group_norm_backward(
            gradients[0].contiguous(input.suggest_memory_format()), input, saved[1], saved[2],
            saved[3].defined() ? Maybe(saved[3]) : std::nullopt, batch, channels,
            input.numel() / (batch * channels), context->saved_data["groups"].toInt(),
            {context->needs_input_grad(0), context->needs_input_grad(1),
             context->needs_input_grad(2)});
        return {of_input, Tensor(), of_weight, of_bias, Tensor()};
    }
};

Tensor group_norm(const Tensor &input, int64_t groups, const Maybe &weight, const Maybe &bias,
                  double epsilon, bool) {
    if (options().like_cpu) return GroupNorm::apply(input, groups, weight, bias, epsilon);
    return std::get<0>(
        compute_group_norm(input.contiguous(), groups, weight, bias, epsilon));
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, AutogradCUDA, library) { library.impl("group_norm", &group_norm); }

}  // namespace simulated
