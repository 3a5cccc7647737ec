// Memory that runs out in the middle of backward, on the thread that computes it.
#include <torch/csrc/autograd/autograd.h>

#include "self-test.hpp"

void test_gradients() {
    auto weights = at::randn({256, 256}).to(simulated::device()).set_requires_grad(true);
    auto loss = [&] { return at::matmul(at::matmul(weights, weights), weights).sum(); };
    auto backward = [](const Tensor &of) { torch::autograd::backward({of}, {}); };
    auto failing = loss();
    simulated::allocator()->emptyCache();
    auto stats = simulated::allocator()->getDeviceStats(0);
    simulated::options().limit = static_cast<size_t>(stats.reserved_bytes[0].current);
    std::vector<Tensor> all;
    thrown([&] { for (;;) all.push_back(at::empty({1 << 15}, weights.options())); });
    auto why = thrown([&] { backward(failing); });
    check(why.rfind("OOM", 0) == 0, "memory that runs out in backward is told as that: " + why);

    simulated::options().limit = 0;
    all.clear();
    failing.reset();
    weights.mutable_grad().reset();
    check(thrown([&] { backward(loss()); }).empty() && weights.grad().defined(),
          "and the next backward has its gradients");
    auto expected = weights.detach().cpu().set_requires_grad(true);
    backward(at::matmul(at::matmul(expected, expected), expected).sum());
    check(are_same(weights.grad(), expected.grad()), "which are right");
}
