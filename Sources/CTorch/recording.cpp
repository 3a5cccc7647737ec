// What operations a piece of work consists of, and how long they take: each different one is run
// for itself, with operands of the same shapes.
// LibTorch is built without its own checks; a header that takes them in looks for what is not there.
#ifndef NDEBUG
#define NDEBUG
#endif
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/record_function.h>
#include <ATen/DeviceAccelerator.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

#include "meta.hpp"

using namespace ctorch;

namespace {

using Values = std::vector<c10::IValue>;

// One operation with operands of certain shapes, and how often it comes.
struct Operation {
    c10::OperatorName name{"", ""};
    Values inputs;                // tensors without memory
    std::vector<bool> is_in_main;  // for each of these tensors, whether it would be in main memory
    int64_t count = 0;
    double weight = 0;  // about what one costs
};

struct Record {
    std::map<std::string, Operation> operations;
    int depth = 0;  // within an operation that is counted
};

thread_local Record *current_record = nullptr;

struct Entered : at::ObserverContext {
    explicit Entered(Record *record) : record(record) {}
    ~Entered() override {
        if (record) record->depth--;
    }
    Record *record;
};

// The shape without the memory, which would be counted.
at::Tensor outline(const at::Tensor &tensor) {
    if (!tensor.defined()) return tensor;
    auto result = at::detail::make_tensor<c10::TensorImpl>(
        c10::Storage(c10::Storage::use_byte_size_t{}, 0,
                     at::DataPtr(nullptr, at::Device(at::kMeta)), nullptr, false),
        c10::DispatchKeySet(c10::DispatchKey::Meta), tensor.dtype());
    result.unsafeGetTensorImpl()->set_sizes_and_strides(tensor.sizes(), tensor.strides());
    return result;
}

template <class Change>
c10::IValue changed(const c10::IValue &value, const Change &change) {
    if (value.isTensor()) return change(value.toTensor());
    if (value.isTensorList()) {
        auto tensors = value.toTensorVector();
        for (auto &one : tensors) one = change(one);
        return c10::List<at::Tensor>(tensors);
    }
    if (value.isOptionalTensorList()) {
        c10::List<std::optional<at::Tensor>> tensors;
        for (const auto &one : value.toOptionalTensorVector())
            tensors.push_back(one ? std::optional(change(*one)) : one);
        return tensors;
    }
    return value;
}

template <class Body>
void for_each_tensor(const Values &values, const Body &body) {
    for (const auto &value : values)
        changed(value, [&](const at::Tensor &tensor) {
            if (tensor.defined()) body(tensor);
            return tensor;
        });
}

std::string signature(const std::string &name, const Values &inputs) {
    std::ostringstream text;
    text << name;
    for (const auto &value : inputs) {
        text << '|';
        bool has_tensors = false;
        for_each_tensor({value}, [&](const at::Tensor &tensor) {
            has_tensors = true;
            text << tensor.scalar_type() << tensor.sizes() << tensor.strides()
                 << static_cast<int>(is_on_processor(tensor));
        });
        if (!has_tensors && !value.isGenerator() && !value.isStorage()) text << value;
    }
    return text.str();
}

double elements(const at::Tensor &tensor) { return static_cast<double>(tensor.numel()); }

// About what an operation costs, in the time in which a thousand numbers are read.
double weight(const std::string &name, const Values &inputs) {
    double read = 0, products = 0;
    for_each_tensor(inputs, [&](const at::Tensor &tensor) { read += elements(tensor); });
    std::vector<at::Tensor> parts;
    for_each_tensor(inputs, [&](const at::Tensor &tensor) { parts.push_back(tensor); });
    auto is = [&](const char *text) { return name.find(text) != std::string::npos; };
    if (is("convolution_backward") && parts.size() >= 3)
        products = 2 * elements(parts[0]) * elements(parts[2]) /
                   static_cast<double>(parts[2].size(0));
    else if (is("convolution") && parts.size() >= 2)
        products = elements(parts[0]) * elements(parts[1]) / static_cast<double>(parts[1].size(1));
    else if (is("scaled_dot_product"))
        products = elements(parts[is("backward") ? 1 : 0]) *
                   static_cast<double>(parts[is("backward") ? 2 : 1].size(2)) *
                   (is("backward") ? 5 : 2);
    else if (is("aten::mm") || is("aten::bmm"))
        products = elements(parts[0]) * static_cast<double>(parts[1].size(-1));
    else if (is("aten::addmm") || is("aten::baddbmm"))
        products = elements(parts[1]) * static_cast<double>(parts[2].size(-1));
    return (read + products / 30) / 1000;
}

// Whether an operation only calls others, which are counted in its place.
bool is_composed(const c10::OperatorHandle &op) {
    return op.hasKernelForDispatchKey(c10::DispatchKey::CompositeImplicitAutograd);
}

std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction &function) {
    auto *record = current_record;
    const auto name = function.operator_name();
    if (!record || !name) return nullptr;
    if (record->depth > 0) {
        record->depth++;
        return std::make_unique<Entered>(record);
    }
    const auto op = c10::Dispatcher::singleton().findSchema(*name);
    if (!op || is_composed(*op)) return nullptr;
    record->depth++;
    auto inputs = function.inputs();
    Values values(inputs.begin(), inputs.end());
    bool has_tensors = false;
    for_each_tensor(values, [&](const at::Tensor &) { has_tensors = true; });
    // What makes tensors of nothing costs next to nothing.
    if (!has_tensors) return std::make_unique<Entered>(record);
    auto &operation = record->operations[signature(toString(*name), values)];
    if (operation.count++ == 0) {
        operation.name = *name;
        operation.weight = weight(name->name, values);
        for_each_tensor(values, [&](const at::Tensor &tensor) {
            operation.is_in_main.push_back(is_on_processor(tensor));
        });
        for (auto &value : values) value = changed(value, &outline);
        operation.inputs = std::move(values);
    }
    return std::make_unique<Entered>(record);
}

// Of a long list of tensors the first are enough: this many bytes of each list.
constexpr int64_t list_limit = 64 << 20;

// Operands with contents, and which share of the operation they are.
class Operands {
public:
    Operands(const Operation &operation, at::Device device) : device(device) {
        for (const auto &value : operation.inputs) {
            if (value.isTensorList()) {
                values.push_back(shortened(value.toTensorVector(), operation));
            } else {
                values.push_back(changed(value, [&](const at::Tensor &tensor) {
                    return filled(tensor, operation);
                }));
            }
        }
    }

    Values values;
    double share = 1;

private:
    at::Device device;
    size_t index = 0;
    size_t kept_count = 0;  // of each list; lists of an operation belong together

    at::Tensor filled(const at::Tensor &tensor, const Operation &operation) {
        if (!tensor.defined()) return tensor;
        const bool is_in_main = operation.is_in_main[index++];
        auto options = tensor.options().device(is_in_main ? at::Device(at::kCPU) : device);
        auto result = at::empty_strided(tensor.sizes(), tensor.strides(), options);
        // Whole numbers are places in tables: the first is always there. Others are ordinary ones;
        // processors slow down on numbers next to nothing.
        return at::isIntegralType(tensor.scalar_type(), true) ? result.zero_() : result.fill_(0.5);
    }

    c10::IValue shortened(const std::vector<at::Tensor> &all, const Operation &operation) {
        if (kept_count == 0) {
            int64_t bytes = 0, whole = 0;
            for (const auto &one : all) {
                if (bytes <= list_limit) {
                    bytes += static_cast<int64_t>(one.nbytes());
                    kept_count++;
                }
                whole += static_cast<int64_t>(one.nbytes());
            }
            if (whole > 0) share = static_cast<double>(bytes) / static_cast<double>(whole);
        }
        c10::List<at::Tensor> kept;
        for (const auto &one : all) {
            if (kept.size() < kept_count)
                kept.push_back(filled(one, operation));
            else
                index++;
        }
        return kept;
    }
};

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

void wait(at::Device device) {
    if (!device.is_cpu()) at::accelerator::synchronizeDevice(device.index());
}

// Where another operator computes this on a GPU.
void call(const Operation &operation, const Values &values, at::Device device) {
    const auto &name = operation.name.name;
    if (!device.is_cpu() && name == "aten::_scaled_dot_product_flash_attention_for_cpu") {
        at::scaled_dot_product_attention(values[0].toTensor(), values[1].toTensor(),
                                         values[2].toTensor());
        return;
    }
    if (!device.is_cpu() && name == "aten::_scaled_dot_product_flash_attention_for_cpu_backward") {
        // Five products of matrices in place of two.
        for (int i = 0; i < 2; i++)
            at::scaled_dot_product_attention(values[1].toTensor(), values[2].toTensor(),
                                             values[3].toTensor());
        return;
    }
    const auto op = c10::Dispatcher::singleton().findSchemaOrThrow(name.c_str(),
                                                                   operation.name.overload_name.c_str());
    torch::jit::Stack stack(values.begin(), values.end());
    op.callBoxed(&stack);
}

// The seconds of one operation. The first run compiles and takes memory; where it is short, others
// follow, and their mean counts.
double measured(const Operation &operation, at::Device device) {
    constexpr double long_enough = 0.05;
    Operands operands(operation, device);
    auto run = [&] {
        wait(device);
        const auto start = Clock::now();
        call(operation, operands.values, device);
        wait(device);
        return seconds_since(start);
    };
    const double first = run();
    if (first > 4 * long_enough) return first / operands.share;
    double sum = 0;
    int count = 0;
    while (count < 3 && (count == 0 || sum < long_enough)) {
        sum += run();
        count++;
    }
    return sum / count / operands.share;
}

// What was measured, by device and signature: the ways of one training have most operations in
// common.
class Measurements {
public:
    static Measurements &shared() {
        static auto *one = new Measurements;
        return *one;
    }

    // Nothing where it is not known and there is no time to find out.
    std::optional<double> seconds(const std::string &signature, const Operation &operation,
                                  at::Device device, bool has_time) {
        std::lock_guard<std::mutex> lock(mutex);
        auto key = device.str() + signature;
        auto found = known.find(key);
        if (found == known.end()) {
            if (!has_time) return std::nullopt;
            found = known.emplace(std::move(key), measured(operation, device)).first;
        }
        return found->second;
    }

private:
    std::mutex mutex;
    std::map<std::string, double> known;
};

}  // namespace

extern "C" {

ct_status ct_record_operations(void (*body)(void *), void *context, ct_operations *out) {
    auto record = std::make_unique<Record>();
    return guarded([&] {
        at::RecordFunctionCallback callback(&enter, [](const at::RecordFunction &,
                                                       at::ObserverContext *) {});
        callback.needsInputs(true).scopes({at::RecordScope::FUNCTION});
        const auto handle = at::addThreadLocalCallback(callback);
        current_record = record.get();
        at::enableRecordFunction(true);
        body(context);
        current_record = nullptr;
        at::removeCallback(handle);
        out->impl = record.release();
    });
}

void ct_release_operations(ct_operations operations) {
    delete static_cast<Record *>(operations.impl);
}

ct_status ct_time_operations(ct_operations operations, ct_device where, double budget,
                             double *seconds, double *share) {
    return guarded([&] {
        c10::InferenceMode inference;
        const auto target = device(where);
        const auto &record = *static_cast<Record *>(operations.impl);
        using Place = std::map<std::string, Operation>::const_iterator;
        auto cost = [](Place place) {
            return place->second.weight * static_cast<double>(place->second.count);
        };
        std::vector<Place> all;
        double whole = 0;
        for (auto place = record.operations.begin(); place != record.operations.end(); place++) {
            all.push_back(place);
            whole += cost(place);
        }
        std::sort(all.begin(), all.end(),
                  [&](Place one, Place other) { return cost(one) > cost(other); });
        const auto start = Clock::now();
        double found = 0, weighed = 0, left = 0;
        for (auto place : all) {
            const auto seconds = Measurements::shared().seconds(
                place->first, place->second, target, seconds_since(start) < budget);
            if (!seconds) {
                left += cost(place);
                continue;
            }
            found += *seconds * static_cast<double>(place->second.count);
            weighed += cost(place);
        }
        // The rest costs as much for its weight as what was measured.
        *seconds = found + (weighed > 0 ? found / weighed * left : 0);
        *share = whole > 0 ? weighed / whole : 1;
    });
}

}  // extern "C"
