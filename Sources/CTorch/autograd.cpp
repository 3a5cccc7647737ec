#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "meta.hpp"

using namespace ctorch;

namespace {

struct Segment {
    ct_segment body;
    void *context;
    void (*release)(void *);

    ~Segment() { release(context); }

    at::Tensor operator()(const std::vector<at::Tensor> &inputs) const {
        std::vector<ct_tensor> handles;
        for (const auto &input : inputs) handles.push_back({const_cast<at::Tensor *>(&input)});
        ct_tensor output{nullptr};
        body(context, handles.data(), handles.size(), &output);
        at::Tensor result = tensor(output);
        ct_release(output);
        return result;
    }
};

struct SegmentHolder : torch::CustomClassHolder {
    std::shared_ptr<Segment> segment;
    explicit SegmentHolder(std::shared_ptr<Segment> segment) : segment(std::move(segment)) {}
};

// Backward runs the segment again under recording and then backward inside it: the parameters'
// gradients accumulate there, and only those of the inputs are handed on.
struct Checkpoint : torch::autograd::Function<Checkpoint> {
    static constexpr size_t max_inputs = 4;

    // LibTorch follows tensors that are arguments of their own, not those inside a vector.
    static at::Tensor forward(torch::autograd::AutogradContext *context, at::Tensor /*trigger*/,
                              std::shared_ptr<Segment> segment, std::optional<at::Tensor> first,
                              std::optional<at::Tensor> second, std::optional<at::Tensor> third,
                              std::optional<at::Tensor> fourth) {
        context->saved_data["segment"] =
            c10::IValue::make_capsule(c10::make_intrusive<SegmentHolder>(segment));
        std::vector<at::Tensor> inputs;
        for (const auto &input : {first, second, third, fourth})
            if (input) inputs.push_back(*input);
        context->save_for_backward(inputs);
        c10::NoGradGuard no_grad;
        return (*segment)(inputs);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients) {
        auto capsule = context->saved_data["segment"].toCapsule();
        const auto &segment = *static_cast<SegmentHolder *>(capsule.get())->segment;
        auto saved = context->get_saved_variables();
        std::vector<at::Tensor> inputs;
        for (const auto &input : saved) {
            bool wanted = input.requires_grad() && at::isFloatingType(input.scalar_type());
            inputs.push_back(input.detach().set_requires_grad(wanted));
        }
        c10::AutoGradMode recording(true);
        auto output = segment(inputs);
        // Nothing in the segment is trained, and nothing before it, as in a first block without
        // adapters: whether that is so shows only now.
        if (output.requires_grad()) torch::autograd::backward({output}, {gradients[0]});
        torch::autograd::variable_list result{at::Tensor(), at::Tensor()};
        for (const auto &input : inputs) result.push_back(input.grad());
        result.resize(2 + max_inputs);
        return result;
    }
};

struct GradientHook : torch::autograd::PostAccumulateGradHook {
    ct_hook call;
    void *context;
    void (*release)(void *);

    GradientHook(ct_hook call, void *context, void (*release)(void *))
        : call(call), context(context), release(release) {}
    ~GradientHook() override {
        if (release) release(context);
    }
    void operator()(const torch::autograd::Variable &) override {
        MemoryScope scope;
        call(context);
    }
};

}  // namespace

extern "C" {

ct_status ct_set_requires_grad(ct_tensor a, bool value) {
    return guarded([&] { tensor(a).set_requires_grad(value); });
}

bool ct_requires_grad(ct_tensor a) { return tensor(a).requires_grad(); }

ct_status ct_gradient(ct_tensor a, ct_tensor *out) {
    return guarded([&] { give(out, tensor(a).grad()); });
}

ct_status ct_set_gradient(ct_tensor a, ct_tensor gradient) {
    return guarded([&] {
        at::Tensor target = tensor(a);
        target.mutable_grad() = gradient.impl ? tensor(gradient) : at::Tensor();
    });
}

ct_status ct_backward(ct_tensor loss) {
    return guarded([&] { tensor(loss).backward(); });
}

ct_status ct_set_gradient_hook(ct_tensor a, ct_hook hook, void *context,
                               void (*release)(void *)) {
    std::unique_ptr<torch::autograd::PostAccumulateGradHook> owned;
    if (hook) owned = std::make_unique<GradientHook>(hook, context, release);
    return guarded([&] {
        TORCH_CHECK(tensor(a).is_leaf(), "a gradient hook belongs to a leaf");
        torch::autograd::impl::set_post_acc_grad_hooks(tensor(a), std::move(owned));
    });
}

bool ct_set_grad_mode(bool enabled) {
    bool before = c10::GradMode::is_enabled();
    c10::GradMode::set_enabled(enabled);
    return before;
}

ct_status ct_checkpoint(ct_segment body, void *context, void (*release)(void *),
                        const ct_tensor *inputs, size_t input_count, ct_tensor *out) {
    // Built in place: the destructor of a temporary would release the context already.
    std::shared_ptr<Segment> segment(new Segment{body, context, release});
    return guarded([&] {
        auto arguments = list(inputs, input_count);
        if (!c10::GradMode::is_enabled()) return give(out, (*segment)(arguments));
        // Parameters inside the segment may need gradients though no input does.
        auto trigger = at::empty({0}).set_requires_grad(true);
        TORCH_CHECK(arguments.size() <= Checkpoint::max_inputs, "too many inputs to checkpoint");
        std::array<std::optional<at::Tensor>, Checkpoint::max_inputs> slots;
        std::copy(arguments.begin(), arguments.end(), slots.begin());
        give(out, Checkpoint::apply(trigger, segment, slots[0], slots[1], slots[2], slots[3]));
    });
}

}  // extern "C"

#include "transfer.cpp"
