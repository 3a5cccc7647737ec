// Processes that compute together: c10d's store of texts, and Gloo's exchange of tensors.
#define USE_C10D_GLOO
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <c10/util/Logging.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <vector>

#include "internal.hpp"
#include "nccl.hpp"

using namespace ctorch;

namespace {

using Milliseconds = std::chrono::milliseconds;
using StorePointer = c10::intrusive_ptr<c10d::TCPStore>;
// Gloo for what lies in main memory, and NCCL for a GPU's, where each process has one of its own.
struct Group {
    c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
    std::unique_ptr<NcclGroup> nccl;

    NcclGroup *of(const at::Tensor &tensor) const { return tensor.is_cpu() ? nullptr : nccl.get(); }
};

struct GlooWork final : Work {
    const c10::intrusive_ptr<c10d::Work> work;

    explicit GlooWork(c10::intrusive_ptr<c10d::Work> work) : work(std::move(work)) {}

    bool wait(int64_t milliseconds) override {
        try {
            work->wait(Milliseconds(milliseconds));
        } catch (...) {
            // The work went wrong, or waiting ended; by now the work may be done all the same.
            if (!work->isCompleted()) return false;
            if (work->isSuccess()) return true;
            if (auto error = work->exception()) std::rethrow_exception(error);
            throw;
        }
        return true;
    }
    bool has_succeeded() override { return work->isCompleted() && work->isSuccess(); }
};

// LibTorch takes down every exchange for those who look for a hang, with a trace of the stack and in
// a table that two threads may enter at once. Before there are threads: nobody reads that here.
const bool takes_nothing_down = setenv("TORCH_FR_BUFFER_SIZE", "0", /*overwrite=*/0) == 0;

const StorePointer &store(ct_store handle) { return *static_cast<StorePointer *>(handle.impl); }
Group &group(ct_group handle) { return *static_cast<Group *>(handle.impl); }
Work &work(ct_work handle) { return *static_cast<Work *>(handle.impl); }

std::vector<uint8_t> bytes(const void *data, size_t count) {
    auto first = static_cast<const uint8_t *>(data);
    return {first, first + count};
}

void give(ct_work *out, std::unique_ptr<Work> work) { out->impl = work.release(); }
void give(ct_work *out, c10::intrusive_ptr<c10d::Work> work) {
    give(out, std::make_unique<GlooWork>(std::move(work)));
}

// The address of this machine under which it reaches another: what the other can reach it by. The
// machine's own name often stands for 127.0.1.1, where nobody else gets to.
std::string own_address(const char *host, uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo *found = nullptr;
    if (getaddrinfo(host, std::to_string(port).c_str(), &hints, &found) != 0) return "";
    std::string result;
    for (auto *one = found; one && result.empty(); one = one->ai_next) {
        int descriptor = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, 0);
        if (descriptor < 0) continue;
        sockaddr_storage local{};
        socklen_t length = sizeof local;
        char text[NI_MAXHOST];
        // Of datagrams this sends nothing: it only looks up the way.
        if (connect(descriptor, one->ai_addr, one->ai_addrlen) == 0 &&
            getsockname(descriptor, reinterpret_cast<sockaddr *>(&local), &length) == 0 &&
            getnameinfo(reinterpret_cast<sockaddr *>(&local), length, text, sizeof text, nullptr,
                        0, NI_NUMERICHOST) == 0)
            result = text;
        close(descriptor);
    }
    freeaddrinfo(found);
    return result;
}

}  // namespace

extern "C" {

ct_status ct_store_create(const char *host, uint16_t port, bool is_server, int64_t timeout,
                          ct_store *out) {
    return guarded([&] {
        // What goes wrong is thrown; c10d would print pages of it as well.
        FLAGS_caffe2_log_level = std::max(FLAGS_caffe2_log_level, 3);
        c10d::TCPStoreOptions options;
        options.port = port;
        options.isServer = is_server;
        options.waitWorkers = false;
        options.timeout = Milliseconds(timeout);
        out->impl = new StorePointer(c10::make_intrusive<c10d::TCPStore>(host, options));
    });
}

void ct_store_release(ct_store handle) { delete static_cast<StorePointer *>(handle.impl); }

uint16_t ct_store_port(ct_store handle) { return store(handle)->getPort(); }

ct_status ct_store_set(ct_store handle, const char *key, const void *data, size_t count) {
    return guarded([&] { store(handle)->set(key, bytes(data, count)); });
}

ct_status ct_store_set_first(ct_store handle, const char *key, const void *data, size_t count) {
    return guarded([&] { store(handle)->compareSet(key, {}, bytes(data, count)); });
}

ct_status ct_store_get(ct_store handle, const char *key, int64_t timeout, ct_tensor *out) {
    return guarded([&] {
        store(handle)->wait({key}, Milliseconds(timeout));
        auto value = store(handle)->get(key);
        auto result = at::empty({static_cast<int64_t>(value.size())}, at::kByte);
        if (!value.empty()) std::memcpy(result.data_ptr(), value.data(), value.size());
        ctorch::give(out, result);
    });
}

ct_status ct_store_add(ct_store handle, const char *key, int64_t amount, int64_t *out) {
    return guarded([&] { *out = store(handle)->add(key, amount); });
}

ct_status ct_store_has(ct_store handle, const char *key, bool *out) {
    return guarded([&] { *out = store(handle)->check({key}); });
}

ct_status ct_group_create(ct_store keys, const char *name, const char *interface,
                          const char *host, uint16_t port, int32_t rank, int32_t size,
                          int64_t patience, int64_t timeout, ct_group *out) {
    return guarded([&] {
        using Gloo = c10d::ProcessGroupGloo;
        auto options = Gloo::Options::create(Milliseconds(patience));
        auto address = own_address(host, port);
        options->devices.push_back(*interface ? Gloo::createDeviceForInterface(interface)
                                   : address.empty() ? Gloo::createDefaultDevice()
                                                     : Gloo::createDeviceForHostname(address));
        auto own = c10::make_intrusive<c10d::PrefixStore>(name, store(keys));
        auto made = c10::make_intrusive<Gloo>(own, rank, size, options);
        // Through the table of the library's own class: what is inline here knows nothing of Gloo.
        static_cast<c10d::Backend &>(*made).setTimeout(Milliseconds(timeout));
        out->impl = new Group{std::move(made), nullptr};
    });
}

void ct_group_release(ct_group handle) { delete static_cast<Group *>(handle.impl); }

ct_status ct_group_use_nccl(ct_group handle, const uint8_t *id, ct_device where, int32_t rank,
                            int32_t size) {
    return guarded([&] {
        Nccl::UniqueId own;
        std::memcpy(own.bytes, id, sizeof own.bytes);
        group(handle).nccl = std::make_unique<NcclGroup>(own, device(where), rank, size);
    });
}

ct_status ct_group_try_nccl(ct_group handle, int32_t rank, int32_t size, int64_t timeout) {
    return guarded([&] { group(handle).nccl->try_sum(rank, size, timeout); });
}

void ct_groups_abort(const ct_group *handles, size_t count) {
    guarded([&] {
        std::vector<NcclGroup *> groups;
        for (size_t i = 0; i < count; i++)
            if (auto *one = group(handles[i]).nccl.get()) groups.push_back(one);
        NcclGroup::abort(groups);
    });
}

ct_status ct_group_sum(ct_group handle, ct_tensor a, ct_work *out) {
    return guarded([&] {
        std::vector<at::Tensor> tensors{tensor(a)};
        if (auto nccl = group(handle).of(tensor(a))) return give(out, nccl->sum(tensor(a)));
        give(out, group(handle).gloo->allreduce(tensors));
    });
}

ct_status ct_group_sum_at(ct_group handle, ct_tensor a, int32_t root, ct_work *out) {
    return guarded([&] {
        std::vector<at::Tensor> tensors{tensor(a)};
        if (auto nccl = group(handle).of(tensor(a)))
            return give(out, nccl->sum_at(tensor(a), root));
        c10d::ReduceOptions options;
        options.rootRank = root;
        give(out, group(handle).gloo->reduce(tensors, options));
    });
}

ct_status ct_group_broadcast(ct_group handle, ct_tensor a, int32_t root, ct_work *out) {
    return guarded([&] {
        std::vector<at::Tensor> tensors{tensor(a)};
        if (auto nccl = group(handle).of(tensor(a)))
            return give(out, nccl->broadcast(tensor(a), root));
        c10d::BroadcastOptions options;
        options.rootRank = root;
        give(out, group(handle).gloo->broadcast(tensors, options));
    });
}

ct_status ct_group_listen(ct_group handle, int32_t rank, ct_work *out) {
    return guarded([&] {
        std::vector<at::Tensor> tensors{at::empty({1}, at::kByte)};
        give(out, group(handle).gloo->recv(tensors, rank, /*tag=*/0));
    });
}

ct_status ct_work_wait(ct_work handle, int64_t timeout, bool *done) {
    return guarded([&] { *done = work(handle).wait(timeout); });
}

bool ct_work_has_succeeded(ct_work handle) {
    bool result = false;
    guarded([&] { result = work(handle).has_succeeded(); });
    return result;
}

void ct_work_release(ct_work handle) { delete static_cast<Work *>(handle.impl); }

}  // extern "C"

#include "nccl.cpp"
