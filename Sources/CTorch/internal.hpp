#pragma once

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <string>
#include <vector>

#include "include/ctorch.h"

namespace ctorch {

// What is computed with an operand that has no data would lie where the operand would.
void follow(const at::Tensor &operand);

inline const at::Tensor &tensor(ct_tensor handle) {
    const auto &operand = *static_cast<const at::Tensor *>(handle.impl);
    if (operand.is_meta()) follow(operand);
    return operand;
}

inline std::optional<at::Tensor> maybe(ct_tensor handle) {
    if (handle.impl == nullptr) return std::nullopt;
    return tensor(handle);
}

inline void give(ct_tensor *out, at::Tensor value) {
    out->impl = value.defined() ? new at::Tensor(std::move(value)) : nullptr;
}

inline at::Generator &generator(ct_generator handle) {
    return *static_cast<at::Generator *>(handle.impl);
}

inline at::IntArrayRef sizes(const int64_t *values, size_t count) { return {values, count}; }

std::vector<at::Tensor> list(const ct_tensor *handles, size_t count);
at::ScalarType scalar_type(ct_dtype dtype);
ct_dtype dtype_code(at::ScalarType type);
at::Device device(ct_device device);
at::MemoryFormat memory_format(ct_memory_format format);
// Of libtorch_cuda.so or what it is linked with; nullptr where there is none.
void *accelerator_function(const char *name);
ct_status remember(ct_status status, std::string message);

// The one place where C++ exceptions end.
template <class Body>
ct_status guarded(Body &&body) {
    try {
        body();
        return CT_OK;
    } catch (const c10::OutOfMemoryError &error) {
        return remember(CT_OUT_OF_MEMORY, error.what_without_backtrace());
    } catch (const c10::Error &error) {
        std::string message = error.what_without_backtrace();
        // The CPU's allocator, CUDA's libraries and its run time report exhaustion as plain errors;
        // cuDNN finds no way to convolve where none has the memory that it needs.
        bool exhausted = false;
        for (auto *sign : {"DefaultCPUAllocator", "out of memory", "CUBLAS_STATUS_ALLOC_FAILED",
                           "CUDNN_STATUS_ALLOC_FAILED", "unable to find an engine to execute"})
            exhausted |= message.find(sign) != std::string::npos;
        return remember(exhausted ? CT_OUT_OF_MEMORY : CT_ERROR, message);
    } catch (const std::bad_alloc &error) {
        return remember(CT_OUT_OF_MEMORY, error.what());
    } catch (const std::exception &error) {
        return remember(CT_ERROR, error.what());
    } catch (...) {
        return remember(CT_ERROR, "an unknown C++ exception");
    }
}

}  // namespace ctorch
