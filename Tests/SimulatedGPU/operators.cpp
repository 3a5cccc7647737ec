// Every operator that the CPU has a kernel for: the same kernel, on the twins.
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <cstring>
#include <set>

#include "simulated.hpp"

namespace simulated {
namespace {

// Puts something else in place of the tensors of a value.
template <class Change>
void replace_tensors(c10::IValue &value, const Change &change) {
    if (value.isTensor()) {
        value = change(value.toTensor());
    } else if (value.isTensorList()) {
        auto tensors = value.toTensorVector();
        for (auto &one : tensors) one = change(one);
        value = c10::List<Tensor>(tensors);
    } else if (value.isOptionalTensorList()) {
        c10::List<std::optional<Tensor>> tensors;
        for (const auto &one : value.toOptionalTensorVector())
            tensors.push_back(one ? std::optional(change(*one)) : one);
        value = tensors;
    }
}

// CUDA takes a number from the host where elements are paired, and positions.
void require_here(const c10::OperatorHandle &op, const Tensor &tensor) {
    static const std::set<std::string> indexing{"aten::index", "aten::index_put_",
                                                "aten::_index_put_impl_"};
    if (!tensor.defined() || is_here(tensor)) return;
    const bool is_number = tensor.dim() == 0 && op.hasTag(at::Tag::pointwise);
    TORCH_CHECK(tensor.is_cpu() && (is_number || indexing.count(op.schema().name())),
                "Expected all tensors to be on the same device, but found at least two devices, ",
                device(), " and ", tensor.device(), "! (", op.schema().operator_name(), ")");
}

// What the host must have from the device before it can go on.
bool is_waited_for(const c10::OperatorHandle &op) {
    static const std::set<std::string> shaped_by_values{
        "aten::nonzero", "aten::masked_select", "aten::_unique2", "aten::unique_dim",
        "aten::unique_consecutive", "aten::repeat_interleave", "aten::bincount",
        "aten::linalg_svd", "aten::_linalg_svd"};
    for (auto &result : op.schema().returns()) {
        auto type = result.type()->kind();
        if (type != c10::TypeKind::TensorType && type != c10::TypeKind::ListType) return true;
    }
    return shaped_by_values.count(op.schema().name()) != 0;
}

// One call on the twins of its operands.
class Call {
public:
    Call(const c10::OperatorHandle &op, Stack *stack)
        : op(op), stack(*stack), first(stack->size() - op.schema().arguments().size()) {}

    void run() {
        enter();
        const bool is_widened = widen();
        op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), &stack);
        if (is_widened) change_results([](const Tensor &one) { return one.to(at::kHalf); });
        for (auto &one : operands)
            if (one.is_written) settle(one);
        change_results([this](const Tensor &one) { return leave(one); });
    }

private:
    struct Operand {
        Tensor original, twin;
        bool is_written;
    };

    const c10::OperatorHandle &op;
    Stack &stack;
    const size_t first;
    std::vector<Operand> operands;

    void enter() {
        for (size_t i = first; i < stack.size(); i++) {
            auto &value = stack[i];
            auto *alias = op.schema().arguments()[i - first].alias_info();
            const bool is_written = alias && alias->isWrite();
            replace_tensors(value, [&](const Tensor &tensor) {
                require_here(op, tensor);
                if (!tensor.defined() || !is_here(tensor)) return tensor;
                operands.push_back({tensor, twin(tensor), is_written});
                return operands.back().twin;
            });
            if (value.isDevice()) value = c10::Device(at::kCPU);
            if (value.isGenerator() && value.toGenerator().device().type() == kind)
                value = host_generator(value.toGenerator());
        }
    }

    // The CPU's convolutions go backward in fp16 thirty times slower than in fp32.
    bool widen() {
        if (options().like_cpu || op.schema().name() != "aten::convolution_backward" ||
            stack[first].toTensor().scalar_type() != at::kHalf)
            return false;
        for (size_t i = first; i < first + 3; i++)
            stack[i] = stack[i].toTensor().to(at::kFloat);
        return true;
    }

    template <class Change>
    void change_results(const Change &change) {
        for (size_t i = stack.size() - op.schema().returns().size(); i < stack.size(); i++)
            replace_tensors(stack[i], [&](const Tensor &one) {
                return one.defined() ? change(one) : one;
            });
    }

    // A kernel may have given what it wrote another shape, and with it other memory.
    static void settle(const Operand &one) {
        auto &[original, alias, _] = one;
        const void *bytes = alias.storage().data();
        if (bytes && bytes != twin(original.storage().data())) {
            give_shape(original, alias.sizes(), std::nullopt);
            twin(original).copy_(alias);
        } else if (alias.sizes() != original.sizes() || alias.strides() != original.strides()) {
            original.unsafeGetTensorImpl()->set_sizes_and_strides(alias.sizes(), alias.strides(),
                                                                  alias.storage_offset());
        }
    }

    Tensor leave(const Tensor &result) const {
        for (auto &one : operands)
            if (one.twin.is_same(result)) return one.original;
        return adopt(result);
    }
};

void fallback(const c10::OperatorHandle &op, Stack *stack) {
    catch_up();
    if (is_waited_for(op)) count_read();
    if (options().dry && compute_dry(op, stack)) return;
    compute(op, stack);
}

auto boxed_fallback() { return torch::CppFunction::makeFromBoxedFunction<&fallback>(); }

}  // namespace

void compute(const c10::OperatorHandle &op, Stack *stack) { Call(op, stack).run(); }

TORCH_LIBRARY_IMPL(_, CUDA, library) { library.fallback(boxed_fallback()); }

TORCH_LIBRARY_IMPL(aten, CUDA, library) {
    // Composites of the CPU too, of which parts are not open to a device: a convolution chooses a
    // kernel by the kind of device, and losses ask for an output that they resize twice.
    for (auto *name : {"convolution", "convolution_backward", "mse_loss", "smooth_l1_loss"})
        library.impl(name, boxed_fallback());
}

// Where the CPU has a kernel beside a composite default, the default would win over a fallback:
// other sums, other temporaries.
std::vector<std::string> take_over_defaults() {
    static auto *library = new torch::Library(torch::Library::IMPL, "aten",
                                              c10::DispatchKey::CUDA, __FILE__, __LINE__);
    std::vector<std::string> names;
    auto &dispatcher = c10::Dispatcher::singleton();
    for (auto &name : dispatcher.getAllOpNames()) {
        auto op = dispatcher.findOp(name);
        if (!op || name.getNamespace() != std::optional<std::string_view>("aten")) continue;
        auto has = [&](c10::DispatchKey key) { return op->hasKernelForDispatchKey(key); };
        if (!has(c10::DispatchKey::CPU) || has(c10::DispatchKey::CUDA)) continue;
        if (!has(c10::DispatchKey::CompositeExplicitAutograd) &&
            !has(c10::DispatchKey::CompositeImplicitAutograd))
            continue;
        const auto full_name = toString(name);
        library->impl(full_name.substr(strlen("aten::")).c_str(), boxed_fallback());
        names.push_back(full_name);
    }
    return names;
}

}  // namespace simulated
