// Exchanges of tensors between GPUs: included by processes.cpp.
#include "nccl.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <chrono>
#include <thread>

namespace ctorch {

namespace {

using Clock = std::chrono::steady_clock;

// Connections that are made at the first exchange of a kind hold up the host, which could not end
// then where another process has ended. Before there are threads.
const bool connects_at_once = setenv("NCCL_RUNTIME_CONNECT", "0", /*overwrite=*/0) == 0;
// Whatever the environment says: what returns before it has done its work is not waited for here.
const bool is_blocking = setenv("NCCL_COMM_BLOCKING", "1", /*overwrite=*/1) == 0;
// Two communicators of one GPU (stage 3 has one for gradients and one for weights) may each fill it
// and wait for the other's turn at another GPU; so their kernels run in the order of their launches,
// which is the same everywhere.
const bool keeps_order = setenv("NCCL_LAUNCH_ORDER_IMPLICIT", "1", /*overwrite=*/0) == 0;

int type_of(const at::Tensor &tensor) {
    switch (tensor.scalar_type()) {
        case at::kByte: return Nccl::uint8;
        case at::kLong: return Nccl::int64;
        case at::kHalf: return Nccl::half;
        case at::kFloat: return Nccl::float32;
        case at::kDouble: return Nccl::float64;
        case at::kBFloat16: return Nccl::bfloat16;
        default: TORCH_CHECK(false, "NCCL has no ", tensor.scalar_type());
    }
}

c10::Stream stream_beside(c10::Device device) {
    c10::impl::VirtualGuardImpl guard(device.type());
    return guard.getStreamFromGlobalPool(device);
}

struct NcclWork final : Work {
    const NcclGroup &group;
    const at::Tensor tensor;
    c10::Event done;
    bool is_awaited = false;

    NcclWork(const NcclGroup &group, at::Tensor tensor)
        : group(group), tensor(std::move(tensor)), done(this->tensor.device().type()) {}

    // What nobody waited for is awaited by the computation, before the memory is given to others.
    ~NcclWork() override {
        guarded([&] { follow(); });
    }

    void follow() {
        if (std::exchange(is_awaited, true)) return;
        c10::impl::VirtualGuardImpl guard(tensor.device().type());
        done.block(guard.getStream(tensor.device()));
    }

    // The host waits, so that it can end where another process has ended: a GPU would wait for ever.
    bool wait(int64_t milliseconds) override {
        const auto end = Clock::now() + std::chrono::milliseconds(milliseconds);
        while (!done.query()) {
            group.check();
            if (Clock::now() >= end) return false;
            std::this_thread::sleep_for(std::chrono::microseconds(20));
        }
        group.check();
        follow();
        return true;
    }

    bool has_succeeded() override { return done.query(); }
};

}  // namespace

Nccl Nccl::open(const char *name) {
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    TORCH_CHECK(library, dlerror());
    Nccl result{};
    auto find = [=](auto &function, const char *symbol) {
        function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(library, symbol));
        TORCH_CHECK(function, name, " has no ", symbol);
    };
    find(result.get_version, "ncclGetVersion");
    find(result.get_unique_id, "ncclGetUniqueId");
    find(result.init_rank, "ncclCommInitRank");
    find(result.all_reduce, "ncclAllReduce");
    find(result.reduce, "ncclReduce");
    find(result.broadcast, "ncclBroadcast");
    find(result.get_async_error, "ncclCommGetAsyncError");
    find(result.abort, "ncclCommAbort");
    find(result.group_start, "ncclGroupStart");
    find(result.group_end, "ncclGroupEnd");
    find(result.get_error_string, "ncclGetErrorString");
    find(result.get_last_error, "ncclGetLastError");
    result.check(result.get_version(&result.version), "ncclGetVersion");
    return result;
}

const Nccl &Nccl::instance() {
    static const Nccl one = [] {
        TORCH_CHECK(ct_load_accelerators(), "there is no CUDA half of LibTorch");
        // libtorch_cuda.so names it, so that it is open already, and is found by its name alone.
        return open("libnccl.so.2");
    }();
    return one;
}

void Nccl::check(int result, const char *what, Comm comm) const {
    // "In progress" as well: communicators block, so nobody would come back to it.
    if (result == success) return;
    // What it has to say beyond the kind of error, as of two processes on one GPU.
    std::string more = get_last_error(comm);
    if (!more.empty()) more = " (" + more.substr(0, more.find('\n')) + ")";
    TORCH_CHECK(false, what, ": ", get_error_string(result), more);
}

NcclGroup::NcclGroup(const Nccl::UniqueId &id, c10::Device device, int32_t rank, int32_t size)
    : device(device), stream(stream_beside(device)) {
    c10::impl::VirtualGuardImpl guard(device.type());
    guard.setDevice(device);
    // NCCL's buffers are not PyTorch's: what is only kept for later would be missing there.
    c10::getDeviceAllocator(device.type())->emptyCache();
    Nccl::Comm made = nullptr;
    nccl.check(nccl.init_rank(&made, size, id, rank), "ncclCommInitRank");
    comm = made;
}

// Not ncclCommDestroy, which would wait for whatever is still there to wait for.
NcclGroup::~NcclGroup() { abort(); }

void NcclGroup::abort(const std::vector<NcclGroup *> &groups) {
    if (groups.empty()) return;
    // A call that is stuck holds the lock for ever; it ends when this does, as NCCL has it.
    const auto end = Clock::now() + std::chrono::seconds(2);
    std::vector<std::unique_lock<std::timed_mutex>> locks;
    for (auto *group : groups) locks.emplace_back(group->mutex, end);
    std::vector<Nccl::Comm> ended;
    for (auto *group : groups)
        if (auto one = group->comm.exchange(nullptr)) ended.push_back(one);
    const auto &nccl = groups[0]->nccl;
    // An abort has the kernels of its own communicator end, and then frees memory, for which CUDA
    // waits for the whole GPU: for those of another communicator too, which nobody has ended yet.
    // In a group all are told to end before anything is freed; NCCL can do that from 2.22 on.
    const bool together = ended.size() > 1 && nccl.version >= 22200;
    if (together) nccl.group_start();
    for (auto one : ended) nccl.abort(one);
    if (together) nccl.group_end();
}

template <class Body>
void NcclGroup::call(Body &&body) const {
    std::lock_guard<std::timed_mutex> lock(mutex);
    Nccl::Comm one = comm;
    TORCH_CHECK(one, "NCCL was ended");
    int error = Nccl::success;
    nccl.check(nccl.get_async_error(one, &error), "ncclCommGetAsyncError", one);
    nccl.check(error, "NCCL", one);
    body(one);
}

void NcclGroup::check() const {
    call([](Nccl::Comm) {});
}

template <class Body>
std::unique_ptr<Work> NcclGroup::start(const at::Tensor &tensor, Body &&body) {
    TORCH_CHECK(tensor.is_contiguous() && tensor.device() == device, "not a vector of this GPU");
    auto work = std::make_unique<NcclWork>(*this, tensor);
    c10::impl::VirtualGuardImpl guard(device.type());
    // What is computed before it comes first.
    c10::Event ready(device.type());
    ready.record(guard.getStream(device));
    ready.block(stream);
    c10::StreamGuard on(stream);
    call([&](Nccl::Comm one) {
        body(tensor.data_ptr(), static_cast<size_t>(tensor.numel()), type_of(tensor), one,
             stream.native_handle());
    });
    work->done.record(stream);
    return work;
}

std::unique_ptr<Work> NcclGroup::sum(const at::Tensor &tensor) {
    return start(tensor, [&](void *data, size_t count, int type, Nccl::Comm one, void *on) {
        nccl.check(nccl.all_reduce(data, data, count, type, Nccl::sum, one, on), "ncclAllReduce",
                   one);
    });
}

std::unique_ptr<Work> NcclGroup::sum_at(const at::Tensor &tensor, int32_t root) {
    return start(tensor, [&](void *data, size_t count, int type, Nccl::Comm one, void *on) {
        nccl.check(nccl.reduce(data, data, count, type, Nccl::sum, root, one, on), "ncclReduce",
                   one);
    });
}

std::unique_ptr<Work> NcclGroup::broadcast(const at::Tensor &tensor, int32_t root) {
    return start(tensor, [&](void *data, size_t count, int type, Nccl::Comm one, void *on) {
        nccl.check(nccl.broadcast(data, data, count, type, root, one, on), "ncclBroadcast", one);
    });
}

void NcclGroup::try_sum(int32_t rank, int32_t size, int64_t milliseconds) {
    // Whole numbers, so that the order in which they are added does not matter. More than NCCL
    // packs into single words, so that they take the way of large tensors.
    auto own = at::arange(1 << 16, at::kFloat).remainder_(251);
    auto expected = own * size + size * (size - 1) / 2;
    auto found = own.add_(rank).to(device);
    auto work = sum(found);
    TORCH_CHECK(work->wait(milliseconds), "NCCL's first sum does not come back");
    TORCH_CHECK(at::equal(found.cpu(), expected), "NCCL's first sum is wrong");
}

}  // namespace ctorch

extern "C" {

ct_status ct_nccl_open(const char *library) {
    return guarded([&] { Nccl::open(library); });
}

ct_status ct_nccl_version(int32_t *out) {
    return guarded([&] {
        int version = 0;
        const auto &nccl = Nccl::instance();
        nccl.check(nccl.get_version(&version), "ncclGetVersion");
        *out = version;
    });
}

ct_status ct_nccl_id(uint8_t *out) {
    return guarded([&] {
        Nccl::UniqueId id{};
        const auto &nccl = Nccl::instance();
        nccl.check(nccl.get_unique_id(&id), "ncclGetUniqueId");
        std::memcpy(out, id.bytes, sizeof id.bytes);
    });
}

ct_status ct_gpu_address(ct_device where, char *out, int32_t length) {
    return guarded([&] {
        using Address = int (*)(char *, int, int);
        TORCH_CHECK(ct_load_accelerators(), "there is no CUDA half of LibTorch");
        auto ask = reinterpret_cast<Address>(accelerator_function("cudaDeviceGetPCIBusId"));
        TORCH_CHECK(ask && ask(out, length, where.index) == 0, "the GPU does not say where it is");
    });
}

}  // extern "C"
