// Copies within the device and to and from the host, with the temporaries that CUDA's make
// (copy_kernel_cuda in aten/src/ATen/native/cuda/Copy.cu).
#include <ATen/ops/empty_like.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

#include "simulated.hpp"

namespace simulated {
namespace {

// Moves bytes between tensors of one type that lie alike.
void transfer(const Tensor &to, const Tensor &from, bool non_blocking) {
    const bool is_read = is_here(from);
    auto target = is_here(to) ? twin(to) : to, source = is_here(from) ? twin(from) : from;
    const Tensor &host_side = is_read ? to : from;
    if (non_blocking && is_pinned(host_side.const_data_ptr())) {
        // The host's side is kept, as CUDA's pinned allocator keeps it; the device's side is the
        // caller's to keep.
        postpone(current_stream(), [target, source, host_side]() mutable {
            c10::impl::ExcludeDispatchKeyGuard no_autograd(c10::autograd_dispatch_keyset);
            target.copy_(source);
        });
        return;
    }
    catch_up();
    if (is_read) count_read(); else waits().uploads++;
    target.copy_(source);
}

bool lie_alike(const Tensor &to, const Tensor &from) {
    if (to.scalar_type() != from.scalar_type() || to.sizes() != from.sizes()) return false;
    return (to.is_contiguous() && from.is_contiguous()) ||
           (to.strides() == from.strides() && from.is_non_overlapping_and_dense());
}

// Where no value is needed, neither is the host's memory: only the device's temporaries count.
void copy_dry(const Tensor &to, const Tensor &from, bool converts_at_source) {
    if (!lie_alike(to, from)) {
        auto type = converts_at_source ? to.scalar_type() : from.scalar_type();
        Tensor target, source;
        if (is_here(to) && !(to.is_contiguous() && to.scalar_type() == type))
            target = at::empty_like(to, type, {}, {}, {}, at::MemoryFormat::Contiguous);
        if (is_here(from) && !(from.is_contiguous() && from.scalar_type() == type))
            source = at::empty_like(from, type, {}, {}, {}, at::MemoryFormat::Contiguous);
    }
    if (is_here(from)) count_read(); else waits().uploads++;
    if (!is_here(to)) Tensor(to).zero_();
}

Tensor &copy(Tensor &to, const Tensor &from, bool non_blocking) {
    if (is_here(to) && is_here(from)) {
        catch_up();
        if (!options().dry) twin(to).copy_(twin(from));
        return to;
    }
    TORCH_CHECK(to.is_cpu() || from.is_cpu(), "a copy between two kinds of accelerators");
    // What the host waits for is converted by the host.
    const bool converts_at_source = is_here(from) == non_blocking;
    if (options().dry) {
        copy_dry(to, from, converts_at_source);
    } else if (lie_alike(to, from)) {
        transfer(to, from, non_blocking);
    } else {
        auto type = converts_at_source ? to.scalar_type() : from.scalar_type();
        auto target = to.is_contiguous() && to.scalar_type() == type
                          ? to
                          : at::empty_like(to, type, {}, {}, {}, at::MemoryFormat::Contiguous);
        transfer(target, from.to(type).expand_as(to).contiguous(), non_blocking);
        if (!target.is_same(to)) to.copy_(target, non_blocking);
    }
    return to;
}

Tensor copy_and_resize(const Tensor &from, const Tensor &to) {
    Tensor target = give_shape(to, from.sizes(), std::nullopt);
    return copy(target, from, false);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, CUDA, library) {
    library.impl("copy_", &copy);
    library.impl("_copy_from_and_resize", &copy_and_resize);
}

}  // namespace simulated
