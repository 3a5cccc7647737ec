// Tensors of the device: made, viewed, resized, read.
#include <ATen/EmptyTensor.h>
#include <ATen/NativeFunctions.h>
#include <ATen/ops/_local_scalar_dense.h>
#include <ATen/ops/empty_strided.h>
#include <c10/core/CPUAllocator.h>
#include <torch/library.h>

#include "simulated.hpp"

namespace simulated {

Tensor twin(const Tensor &tensor) {
    auto &storage = tensor.storage();
    void *bytes = storage.nbytes() ? twin(storage.data()) : nullptr;
    at::Storage alias(at::Storage::use_byte_size_t{}, storage.nbytes(),
                      at::DataPtr(bytes, c10::Device(at::kCPU)), c10::GetCPUAllocator(),
                      /*resizable=*/true);
    auto result = at::detail::make_tensor<c10::TensorImpl>(
        std::move(alias), c10::DispatchKeySet(c10::DispatchKey::CPU), tensor.dtype());
    result.unsafeGetTensorImpl()->set_sizes_and_strides(tensor.sizes(), tensor.strides(),
                                                        tensor.storage_offset());
    return result;
}

Tensor adopt(const Tensor &result) {
    if (!result.defined()) return result;
    auto adopted = at::empty_strided(result.sizes(), result.strides(),
                                     result.options().device(device()));
    twin(adopted).copy_(result);
    return adopted;
}

const Tensor &give_shape(const Tensor &tensor, at::IntArrayRef size,
                     std::optional<at::MemoryFormat> format) {
    auto *impl = tensor.unsafeGetTensorImpl();
    impl->set_sizes_contiguous(size);
    if (format) impl->empty_tensor_restride(*format);
    const auto last = static_cast<size_t>(tensor.storage_offset() + tensor.numel());
    const size_t needed = last * tensor.element_size();
    if (tensor.numel() && needed > tensor.storage().nbytes())
        resize_storage(tensor.storage(), needed);
    return tensor;
}

namespace {

const c10::DispatchKeySet keys(c10::DispatchKey::CUDA);

void require_possible(std::optional<at::Device> where, std::optional<bool> pinned) {
    TORCH_CHECK(!where || where->index() <= 0, "there is one simulated GPU");
    TORCH_CHECK(!pinned.value_or(false), "only memory of the host can be pinned");
}

Tensor empty(at::IntArrayRef size, std::optional<at::ScalarType> dtype,
             std::optional<at::Layout>, std::optional<at::Device> where, std::optional<bool> pinned,
             std::optional<at::MemoryFormat> format) {
    require_possible(where, pinned);
    return at::detail::empty_generic(size, allocator(), keys, c10::dtype_or_default(dtype), format);
}

Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride,
                     std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
                     std::optional<at::Device> where, std::optional<bool> pinned) {
    require_possible(where, pinned);
    return at::detail::empty_strided_generic(size, stride, allocator(), keys,
                                             c10::dtype_or_default(dtype));
}

Tensor as_strided(const Tensor &self, at::IntArrayRef size, at::IntArrayRef stride,
                  std::optional<int64_t> offset) {
    return at::native::as_strided_tensorimpl(self, size, stride, offset);
}

Tensor &set_storage(Tensor &self, at::Storage source) { return at::native::set_(self, source); }

at::Scalar read(const Tensor &self) {
    catch_up();
    count_read();
    // What ends a search for something that is not finite.
    if (options().dry) return self.scalar_type() == at::kBool ? at::Scalar(true) : at::Scalar(0);
    return at::_local_scalar_dense(twin(self));
}

void record_stream(Tensor &self, at::Stream stream) {
    allocator()->recordStream(self.storage().data_ptr(), stream);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, CUDA, library) {
    library.impl("empty.memory_format", &empty);
    library.impl("empty_strided", &empty_strided);
    library.impl("as_strided", &as_strided);
    library.impl("view", &at::native::view);
    library.impl("_reshape_alias", &at::native::_reshape_alias);
    library.impl("unfold", &at::native::unfold);
    library.impl("resize_", &give_shape);
    library.impl("set_.source_Tensor", &at::native::set_tensor_);
    library.impl("set_.source_Storage", &set_storage);
    library.impl("set_.source_Storage_storage_offset", &at::native::set_storage_cpu_);
    library.impl("_local_scalar_dense", &read);
    library.impl("record_stream", &record_stream);
}

}  // namespace simulated
