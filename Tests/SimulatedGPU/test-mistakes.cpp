// What would fail on a GPU fails here: operands on two devices.
#include "self-test.hpp"

void test_mistakes() {
    const auto device = simulated::device();
    const Tensor host = at::randn({4, 4}), there = host.to(device);
    const Tensor image = at::randn({1, 4, 2, 2}), weight = at::randn({4, 4, 1, 1});
    const Tensor places = at::zeros({2}, at::kLong), heads = at::randn({1, 1, 4, 8});
    const std::vector<std::pair<std::string, std::function<void()>>> mistakes{
        {"add", [&] { at::add(host, there); }},
        {"add_", [&] { Tensor(there).add_(host); }},
        {"lerp_", [&] { Tensor(there).lerp_(host, 0.5); }},
        {"matmul", [&] { at::matmul(there, host); }},
        {"matmul the other way", [&] { at::matmul(host, there); }},
        {"linear", [&] { at::linear(there, host); }},
        {"convolution", [&] { at::conv2d(image.to(device), weight); }},
        {"convolution the other way", [&] { at::conv2d(image, weight.to(device)); }},
        {"group norm", [&] { at::group_norm(image.to(device), 2, at::ones({4})); }},
        {"layer norm", [&] { at::layer_norm(there, {4}, at::ones({4})); }},
        {"joining", [&] { at::cat({there, host}); }},
        {"where", [&] { at::where(there > 0, host, there); }},
        {"embedding", [&] { at::embedding(there, places); }},
        {"index_select", [&] { at::index_select(there, 0, places); }},
        {"attention", [&] { at::scaled_dot_product_attention(heads.to(device), heads, heads); }},
        {"mean square", [&] { at::mse_loss(there, host); }},
        {"lists", [&] { at::_foreach_add_({there}, {host}); }},
        {"fused AdamW", [&] {
            at::_fused_adamw_({there}, {host}, {there}, {there}, {}, {at::ones({}).to(device)},
                              1, 0.9, 0.9, 0, 1e-8, false, false);
        }},
    };
    for (auto &[name, mistake] : mistakes)
        check(!thrown(mistake).empty(), "operands on two devices throw: " + name);
    check(thrown([&] { at::mul(there, at::scalar_tensor(2.0f)); }).empty(),
          "a number of the host times a tensor is none, as on a GPU");
    check(!thrown([&] { there.to(at::Device(simulated::kind, 2)); }).empty(),
          "there is one device");
}
