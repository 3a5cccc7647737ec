// Copies, views, operators and their gradients: the CPU's bits.
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "self-test.hpp"

namespace {

using Tensors = std::vector<Tensor>;
using Body = std::function<Tensor(Tensors &)>;

// The result and the gradients of all inputs.
Tensors compute_on(at::Device where, const Tensors &inputs, const Body &body) {
    Tensors own;
    for (auto &one : inputs) {
        auto copy = one.detach().to(where, one.scalar_type(), /*non_blocking=*/false, true);
        own.push_back(copy.set_requires_grad(at::isFloatingType(one.scalar_type())));
    }
    Tensors all{body(own)};
    if (all[0].device() != where) throw std::runtime_error("the result lies elsewhere");
    if (!all[0].requires_grad()) return all;
    at::manual_seed(7);
    auto weights = at::randn(all[0].sizes(), at::kFloat).to(all[0].scalar_type()).to(where);
    torch::autograd::backward({(all[0] * weights).sum()}, {});
    for (auto &one : own) all.push_back(one.grad());
    return all;
}

void on_both(const std::string &name, const Tensors &inputs, const Body &body) {
    Tensors here, there;
    auto why = thrown([&] {
        here = compute_on(at::kCPU, inputs, body);
        there = compute_on(simulated::device(), inputs, body);
    });
    if (!why.empty()) return check(false, name + ": " + why);
    for (size_t i = 0; i < here.size(); i++)
        check(here[i].defined() == there[i].defined() &&
                  (!here[i].defined() || are_same(here[i], there[i])),
              name + (i ? ": the gradient of input " + std::to_string(i) : ": the result"));
}

void test_layers(at::ScalarType type) {
    const std::string in = std::string(" in ") + c10::toString(type);
    auto random = [&](at::IntArrayRef size) { return at::randn(size).to(type); };
    auto last = [&](at::IntArrayRef size) {
        return random(size).contiguous(at::MemoryFormat::ChannelsLast);
    };
    const Tensor image = random({2, 8, 9, 9}), rows = random({2, 5, 8});
    on_both("convolution" + in, {image, random({12, 8, 3, 3}), random({12})},
            [](auto &v) { return at::conv2d(v[0], v[1], v[2], 1, 1); });
    on_both("convolution 1 x 1" + in, {image, random({12, 8, 1, 1})},
            [](auto &v) { return at::conv2d(v[0], v[1]); });
    on_both("convolution with stride" + in, {image, random({12, 8, 3, 3}), random({12})},
            [](auto &v) { return at::conv2d(v[0], v[1], v[2], 2, 1); });
    on_both("convolution, channels last" + in,
            {last({2, 8, 9, 9}), last({12, 8, 3, 3}), random({12})},
            [](auto &v) { return at::conv2d(v[0], v[1], v[2], 1, 1); });
    on_both("linear" + in, {rows, random({6, 8}), random({6})},
            [](auto &v) { return at::linear(v[0], v[1], v[2]); });
    on_both("linear without bias" + in, {rows, random({6, 8})},
            [](auto &v) { return at::linear(v[0], v[1]); });
    on_both("linear of rows that do not lie together" + in,
            {last({2, 8, 4, 4}), random({6, 8}), random({6})}, [](auto &v) {
        return at::linear(v[0].permute({0, 2, 3, 1}).reshape({2, 16, 8}), v[1], v[2]);
    });
    on_both("matmul" + in, {rows, random({2, 8, 6})},
            [](auto &v) { return at::matmul(v[0], v[1]); });
    on_both("group norm" + in, {image, random({8}), random({8})},
            [](auto &v) { return at::group_norm(v[0], 4, v[1], v[2], 1e-5); });
    on_both("group norm, channels last" + in, {last({2, 8, 9, 9}), random({8}), random({8})},
            [](auto &v) { return at::group_norm(v[0], 4, v[1], v[2], 1e-5); });
    on_both("layer norm" + in, {rows, random({8}), random({8})},
            [](auto &v) { return at::layer_norm(v[0], {8}, v[1], v[2]); });
    on_both("softmax" + in, {rows}, [](auto &v) { return v[0].softmax(-1); });
    on_both("activations" + in, {rows}, [](auto &v) {
        return at::silu(v[0]) + at::gelu(v[0]) * at::gelu(v[0], "tanh") + v[0].sigmoid();
    });
    on_both("upsampling and pooling" + in, {last({2, 8, 4, 4})}, [](auto &v) {
        return at::avg_pool2d(at::upsample_nearest2d(v[0], at::IntArrayRef({12, 12})), {3, 3});
    });
    on_both("embedding" + in, {random({10, 4}), at::randint(10, {3, 5}, at::kLong)},
            [](auto &v) { return at::embedding(v[0], v[1]); });
    on_both("mean square" + in, {rows, random({2, 5, 8})},
            [](auto &v) { return at::mse_loss(v[0], v[1]); });

    auto heads = [&](int64_t count, int64_t size) { return random({2, 2, count, size}); };
    for (int64_t size : {8, 12})
        on_both("attention" + in, {heads(9, size), heads(7, size), heads(7, size)},
                [](auto &v) { return at::scaled_dot_product_attention(v[0], v[1], v[2]); });
    on_both("causal attention" + in, {heads(9, 8), heads(9, 8), heads(9, 8)}, [](auto &v) {
        return at::scaled_dot_product_attention(v[0], v[1], v[2], {}, 0, true);
    });
    on_both("masked attention" + in,
            {heads(9, 8), heads(9, 8), heads(9, 8), at::rand({9, 9}) > 0.3}, [](auto &v) {
        return at::scaled_dot_product_attention(v[0], v[1], v[2], v[3]);
    });
    on_both("attention of parts of one tensor" + in, {random({2, 9, 48})}, [](auto &v) {
        auto parts = v[0].view({2, 9, 3, 2, 8}).permute({2, 0, 3, 1, 4});
        return at::scaled_dot_product_attention(parts[0], parts[1], parts[2])
            .transpose(1, 2).reshape({2, 9, 16});
    });
}

void test_elements(at::ScalarType type) {
    const std::string in = std::string(" in ") + c10::toString(type);
    auto random = [&](at::IntArrayRef size) { return at::randn(size).to(type); };
    const Tensor rows = random({2, 3, 4}), others = random({2, 3, 4});
    on_both("parts and joins" + in, {random({2, 6}), random({2, 4})}, [](auto &v) {
        auto joined = at::cat({v[0], v[1]}, 1);
        auto parts = joined.chunk(2, 1);
        return at::stack({parts[0] * parts[1].sigmoid(), joined.slice(1, 2, 7)});
    });
    on_both("axes" + in, {rows}, [](auto &v) {
        return v[0].permute({2, 0, 1}).reshape({4, 6}).unsqueeze(0).expand({3, 4, 6});
    });
    on_both("padding and turning" + in, {rows}, [](auto &v) {
        return at::constant_pad_nd(v[0], {1, 1}).flip(1).narrow(2, 0, 3).unfold(1, 2, 1);
    });
    on_both("reductions" + in, {rows}, [](auto &v) {
        return v[0].mean({2}) + v[0].var(at::IntArrayRef{2}, false) + v[0].norm(2, {2}, false) +
               v[0].amax({2}) + v[0].sum({2});
    });
    on_both("choices" + in, {rows, others}, [](auto &v) {
        return at::where(v[0] > 0, v[0], v[1]).clamp(-1, 1) + at::maximum(v[0], v[1]);
    });
    on_both("changes in place" + in, {rows}, [](auto &v) {
        auto twice = v[0] * 2;
        twice.add_(1).mul_(v[0]);
        twice.select(0, 1).zero_();
        return twice;
    });
    on_both("conversions" + in, {rows}, [type](auto &v) {
        return (v[0].to(at::kFloat) * 3).to(type) + v[0].cpu().to(v[0].device());
    });
    on_both("positions" + in, {random({5, 4}), at::randint(4, {5, 2}, at::kLong)}, [](auto &v) {
        return v[0].index({v[1].select(1, 0)}).sum() + v[0].gather(1, v[1]) +
               at::index_select(v[0], 0, v[1].select(1, 1)).sum();
    });
    on_both("products along an axis" + in, {random({5, 4})},
            [](auto &v) { return at::cumprod(v[0], 0); });
}

void test_copies() {
    const auto device = simulated::device();
    auto host = at::arange(12, at::kFloat).view({3, 4});
    auto there = host.to(device);
    check(there.device() == device && are_same(host, there), "there and back");
    check(are_same(there.to(at::kHalf), host.to(at::kHalf)), "another type");
    check(are_same(host.to(device, at::kHalf), host.to(at::kHalf)), "another type on the way");
    check(are_same(there.to(at::kCPU, at::kBFloat16), host.to(at::kBFloat16)),
          "and on the way back");
    check(are_same(there.t(), host.t()) && are_same(there.slice(1, 1, 3), host.slice(1, 1, 3)),
          "views are read");
    there.slice(0, 0, 1).copy_(at::full({1, 4}, 5, at::kFloat));
    check(there[0][3].item<float>() == 5, "and written to");
    there.unfold(1, 2, 2).fill_(3);
    check(there.sum().item<float>() == 36, "even those with more axes");
    auto grown = at::empty({0}, there.options());
    at::add_out(grown, there, there);
    check(are_same(grown, there.cpu() * 2), "results that grow");
    auto part = at::zeros({2, 2}, there.options());
    part.set_(there.storage(), 1, {2, 2}, {4, 1});
    check(are_same(part, there.cpu().slice(0, 0, 2).slice(1, 1, 3)), "parts of a storage");
    auto image = at::randn({2, 3, 4, 4}).contiguous(at::MemoryFormat::ChannelsLast);
    check(image.to(device).is_contiguous(at::MemoryFormat::ChannelsLast) &&
              are_same(image.to(device), image), "channels last stay last");

    auto generator = at::globalContext().getAcceleratorHooksInterface(simulated::kind)
                         .getNewGenerator(0);
    generator.set_current_seed(3);
    auto same = at::globalContext().defaultGenerator(at::kCPU).clone();
    same.set_current_seed(3);
    check(are_same(at::randn({7}, generator, there.options()),
                   at::randn({7}, same, at::dtype(at::kFloat))), "a seed draws the same numbers");
}

}  // namespace

void test_operators() {
    test_copies();
    at::manual_seed(1);
    for (auto type : {at::kFloat, at::kBFloat16, at::kHalf}) {
        test_layers(type);
        test_elements(type);
    }
    on_both("lists and fused AdamW", {at::randn({3, 4}), at::randn({5}), at::randn({3, 4}),
                                      at::randn({5})}, [](auto &v) {
        c10::NoGradGuard no_grad;
        Tensors weights{v[0].clone(), v[1].clone()}, gradients{v[2], v[3]};
        Tensors means{at::zeros_like(v[0]), at::zeros_like(v[1])};
        Tensors squares{at::zeros_like(v[0]), at::zeros_like(v[1])};
        Tensors steps{at::zeros({}, v[0].options()), at::zeros({}, v[0].options())};
        auto norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients, 2)), 2);
        at::_foreach_mul_(gradients, (1 / norm).clamp_max(1));
        for (int i = 0; i < 3; i++) {
            at::_foreach_add_(steps, 1);
            at::_fused_adamw_(weights, gradients, means, squares, {}, steps, 1e-2, 0.9, 0.999,
                              1e-2, 1e-8, false, false);
            at::_foreach_lerp_(means, gradients, 0.1);
        }
        return at::cat({weights[0].flatten(), weights[1], means[0].flatten(), squares[1],
                        steps[0].view({1}), norm.view({1})});
    });
    on_both("codes of 8 bits", {at::randn({3, 64})}, [](auto &v) {
        c10::NoGradGuard no_grad;
        auto edges = at::linspace(-2, 2, 255, v[0].options().requires_grad(false));
        return at::bucketize(v[0], edges, /*out_int32=*/true).to(at::kByte);
    });
    on_both("singular values", {at::randn({4, 3})},
            [](auto &v) { return std::get<1>(at::linalg_svd(v[0], false)); });
}
