#include "meta.hpp"

using namespace ctorch;

namespace ctorch {

static thread_local std::string last_error;

ct_status remember(ct_status status, std::string message) {
    last_error = std::move(message);
    return status;
}

std::vector<at::Tensor> list(const ct_tensor *handles, size_t count) {
    std::vector<at::Tensor> result;
    result.reserve(count);
    for (size_t i = 0; i < count; i++) result.push_back(tensor(handles[i]));
    return result;
}

at::ScalarType scalar_type(ct_dtype dtype) {
    switch (dtype) {
        case CT_BOOL: return at::kBool;
        case CT_UINT8: return at::kByte;
        case CT_INT8: return at::kChar;
        case CT_INT32: return at::kInt;
        case CT_INT64: return at::kLong;
        case CT_FLOAT16: return at::kHalf;
        case CT_BFLOAT16: return at::kBFloat16;
        case CT_FLOAT32: return at::kFloat;
        case CT_FLOAT64: return at::kDouble;
    }
    TORCH_CHECK(false, "unknown dtype code ", static_cast<int>(dtype));
}

ct_dtype dtype_code(at::ScalarType type) {
    switch (type) {
        case at::kBool: return CT_BOOL;
        case at::kByte: return CT_UINT8;
        case at::kChar: return CT_INT8;
        case at::kInt: return CT_INT32;
        case at::kLong: return CT_INT64;
        case at::kHalf: return CT_FLOAT16;
        case at::kBFloat16: return CT_BFLOAT16;
        case at::kDouble: return CT_FLOAT64;
        default: return CT_FLOAT32;
    }
}

at::Device device(ct_device device) {
    switch (device.kind) {
        case CT_CPU: return at::Device(at::kCPU);
        case CT_CUDA: return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device.index));
        case CT_MPS: return at::Device(at::kMPS, static_cast<c10::DeviceIndex>(device.index));
        case CT_META: return at::Device(at::kMeta);
    }
    TORCH_CHECK(false, "unknown device kind ", static_cast<int>(device.kind));
}

at::MemoryFormat memory_format(ct_memory_format format) {
    switch (format) {
        case CT_CONTIGUOUS: return at::MemoryFormat::Contiguous;
        case CT_CHANNELS_LAST: return at::MemoryFormat::ChannelsLast;
        case CT_PRESERVE: return at::MemoryFormat::Preserve;
    }
    return at::MemoryFormat::Preserve;
}

}  // namespace ctorch

extern "C" {

const char *ct_last_error(void) { return last_error.c_str(); }

ct_status ct_from_bytes(const void *bytes, const int64_t *shape, size_t rank, ct_dtype dtype,
                        ct_device where, ct_tensor *out) {
    return guarded([&] {
        PlaceScope scope(where);
        auto host = at::empty(sizes(shape, rank), at::dtype(scalar_type(dtype)));
        if (host.nbytes() > 0) std::memcpy(host.data_ptr(), bytes, host.nbytes());
        give(out, where.kind == CT_CPU ? host : host.to(device(where)));
    });
}

ct_status ct_copy_bytes(ct_tensor a, void *destination, size_t byte_count) {
    return guarded([&] {
        if (tensor(a).is_meta()) {
            std::memset(destination, 0, byte_count);
            return;
        }
        auto host = tensor(a).detach().to(at::kCPU).contiguous();
        TORCH_CHECK(host.nbytes() == byte_count, "expected ", byte_count, " bytes, found ",
                    host.nbytes());
        if (byte_count > 0) std::memcpy(destination, host.data_ptr(), byte_count);
    });
}

ct_status ct_full(const int64_t *shape, size_t rank, double value, ct_dtype dtype,
                  ct_device where, ct_tensor *out) {
    return guarded([&] {
        PlaceScope scope(where);
        auto options = at::dtype(scalar_type(dtype)).device(device(where));
        give(out, value == 0 ? at::zeros(sizes(shape, rank), options)
                             : at::full(sizes(shape, rank), value, options));
    });
}

ct_status ct_empty(const int64_t *shape, size_t rank, ct_dtype dtype, ct_device where,
                   ct_tensor *out) {
    return guarded([&] {
        PlaceScope scope(where);
        auto options = at::dtype(scalar_type(dtype)).device(device(where));
        give(out, at::empty(sizes(shape, rank), options));
    });
}

ct_status ct_arange(double start, double end, double step, ct_dtype dtype, ct_device where,
                    ct_tensor *out) {
    return guarded([&] {
        PlaceScope scope(where);
        auto options = at::dtype(scalar_type(dtype)).device(device(where));
        give(out, at::arange(start, end, step, options));
    });
}

ct_status ct_linspace(double start, double end, int64_t count, ct_dtype dtype, ct_device where,
                      ct_tensor *out) {
    return guarded([&] {
        PlaceScope scope(where);
        auto options = at::dtype(scalar_type(dtype)).device(device(where));
        give(out, at::linspace(start, end, count, options));
    });
}

void ct_release(ct_tensor a) { delete static_cast<at::Tensor *>(a.impl); }

ct_status ct_alias(ct_tensor a, ct_tensor *out) {
    return guarded([&] { give(out, tensor(a)); });
}

int64_t ct_rank(ct_tensor a) { return tensor(a).dim(); }

void ct_shape(ct_tensor a, int64_t *out) {
    for (auto size : tensor(a).sizes()) *out++ = size;
}

int64_t ct_storage_bytes(ct_tensor a) {
    return static_cast<int64_t>(tensor(a).storage().nbytes());
}

ct_dtype ct_tensor_dtype(ct_tensor a) { return dtype_code(tensor(a).scalar_type()); }

ct_device ct_tensor_device(ct_tensor a) {
    auto where = tensor(a).device();
    if (where.is_meta()) return {CT_META, static_cast<int32_t>(memory_of(tensor(a)))};
    auto kind = where.is_cuda() ? CT_CUDA : where.is_mps() ? CT_MPS : CT_CPU;
    return {kind, where.has_index() ? where.index() : 0};
}

bool ct_is_contiguous(ct_tensor a, ct_memory_format format) {
    return tensor(a).is_contiguous(memory_format(format));
}

ct_status ct_item(ct_tensor a, double *out) {
    return guarded([&] { *out = tensor(a).item().toDouble(); });
}

ct_status ct_convert(ct_tensor a, ct_dtype dtype, ct_device where, ct_memory_format format,
                     bool copy, ct_tensor *out) {
    return guarded([&] {
        // What has no data gets none in main memory either.
        const bool is_main = where.kind == CT_CPU || (where.kind == CT_META && where.index == 0);
        if (tensor(a).is_meta())
            return give(out, convert_meta(tensor(a), scalar_type(dtype),
                                          is_main ? Memory::processor : Memory::gpu,
                                          memory_format(format), copy));
        PlaceScope scope(where);
        // A copy out of memory that the GPU reads by itself is not waited for: whoever changes that
        // memory later has read something from the GPU before.
        const bool is_upload = where.kind == CT_CUDA && tensor(a).is_cpu();
        const bool goes_on = is_upload && tensor(a).scalar_type() == scalar_type(dtype) &&
                             tensor(a).is_pinned();
        give(out, tensor(a).to(device(where), scalar_type(dtype), goes_on, copy,
                               memory_format(format)));
    });
}

ct_status ct_copy_into(ct_tensor destination, ct_tensor source) {
    return guarded([&] {
        c10::NoGradGuard no_grad;
        at::Tensor target = tensor(destination);
        TORCH_CHECK(target.sizes() == tensor(source).sizes(), "copy between different shapes");
        target.copy_(tensor(source));
    });
}

}  // extern "C"
