// Tensors of main memory that are computed with on a device: included by autograd.cpp.
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace {

// A copy that stands for a tensor that lies elsewhere: gradients of the copy are the tensor's, in
// its type and where it lies.
struct Represented : torch::autograd::Function<Represented> {
    static at::Tensor forward(torch::autograd::AutogradContext *context, at::Tensor original,
                              at::Tensor copy) {
        context->saved_data["device"] = original.device();
        context->saved_data["type"] = static_cast<int64_t>(original.scalar_type());
        context->saved_data["memory"] = static_cast<int64_t>(memory_of(original));
        return copy.detach();
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context,
                                                   torch::autograd::variable_list gradients) {
        const auto type = static_cast<at::ScalarType>(context->saved_data["type"].toInt());
        const auto memory = static_cast<Memory>(context->saved_data["memory"].toInt());
        const auto &gradient = gradients[0];
        if (gradient.is_meta())
            return {convert_meta(gradient, type, memory, at::MemoryFormat::Preserve, false),
                    at::Tensor()};
        // In the type of what is computed: half of the bytes, where that is a half.
        return {gradient.to(context->saved_data["device"].toDevice()).to(type), at::Tensor()};
    }
};

// Copies on the way: the device may compute meanwhile.
struct Upload {
    std::vector<at::Tensor> copies;
    c10::Device device;
    std::optional<c10::Event> done;

    explicit Upload(c10::Device device) : device(device) {}

    void arrive() {
        if (!done) return;
        c10::impl::VirtualGuardImpl guard(device.type());
        done->block(guard.getStream(device));
        done.reset();
    }

    // What was never asked for is awaited too: its memory is given to others, in this stream's
    // order.
    ~Upload() { arrive(); }
};

// One more stream for each GPU, on which copies go while the other computes.
c10::Stream upload_stream(c10::Device device) {
    static std::mutex mutex;
    static std::map<c10::DeviceIndex, c10::Stream> streams;
    std::lock_guard<std::mutex> lock(mutex);
    auto found = streams.find(device.index());
    if (found == streams.end()) {
        c10::impl::VirtualGuardImpl guard(device.type());
        found = streams.emplace(device.index(), guard.getStreamFromGlobalPool(device)).first;
    }
    return found->second;
}

}  // namespace

extern "C" {

ct_status ct_represented(ct_tensor a, ct_tensor copy, ct_tensor *out) {
    return guarded([&] {
        const auto &original = tensor(a);
        if (c10::GradMode::is_enabled())
            return give(out, Represented::apply(original, tensor(copy)));
        // Some products go another way for what requires a gradient, which gives other bits.
        give(out, tensor(copy).detach().set_requires_grad(original.requires_grad()));
    });
}

ct_status ct_begin_upload(const ct_tensor *tensors, size_t count, ct_device where, ct_upload *out) {
    return guarded([&] {
        c10::NoGradGuard no_grad;
        auto upload = std::make_unique<Upload>(device(where));
        const auto sources = list(tensors, count);
        if (where.kind != CT_CUDA) {
            for (const auto &source : sources)
                upload->copies.push_back(
                    source.is_meta()
                        ? convert_meta(source, source.scalar_type(),
                                       where.kind == CT_META ? static_cast<Memory>(where.index)
                                                             : Memory::processor,
                                       at::MemoryFormat::Preserve, true)
                        : source.to(upload->device, /*non_blocking=*/false, /*copy=*/true));
            out->impl = upload.release();
            return;
        }
        c10::impl::VirtualGuardImpl guard(upload->device.type());
        const auto computing = guard.getStream(upload->device);
        const auto copying = upload_stream(upload->device);
        // The memory is the computing stream's: what it did there before comes first.
        for (const auto &source : sources)
            upload->copies.push_back(at::empty_like(source, source.options().device(upload->device)));
        c10::Event ready(upload->device.type());
        ready.record(computing);
        ready.block(copying);
        {
            c10::StreamGuard on(copying);
            for (size_t i = 0; i < count; i++)
                upload->copies[i].copy_(sources[i], /*non_blocking=*/true);
        }
        upload->done.emplace(upload->device.type());
        upload->done->record(copying);
        out->impl = upload.release();
    });
}

ct_status ct_upload_copy(ct_upload upload, size_t index, ct_tensor *out) {
    return guarded([&] { give(out, static_cast<Upload *>(upload.impl)->copies.at(index)); });
}

ct_status ct_upload_arrive(ct_upload upload) {
    return guarded([&] { static_cast<Upload *>(upload.impl)->arrive(); });
}

void ct_upload_release(ct_upload upload) {
    guarded([&] { delete static_cast<Upload *>(upload.impl); });
}

}  // extern "C"
