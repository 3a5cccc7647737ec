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

using namespace ctorch;

namespace {

using Milliseconds = std::chrono::milliseconds;
using StorePointer = c10::intrusive_ptr<c10d::TCPStore>;
using GroupPointer = c10::intrusive_ptr<c10d::ProcessGroupGloo>;
using WorkPointer = c10::intrusive_ptr<c10d::Work>;

// LibTorch takes down every exchange for those who look for a hang, with a trace of the stack and in
// a table that two threads may enter at once. Before there are threads: nobody reads that here.
const bool takes_nothing_down = setenv("TORCH_FR_BUFFER_SIZE", "0", /*overwrite=*/0) == 0;

const StorePointer &store(ct_store handle) { return *static_cast<StorePointer *>(handle.impl); }
const GroupPointer &group(ct_group handle) { return *static_cast<GroupPointer *>(handle.impl); }

std::vector<uint8_t> bytes(const void *data, size_t count) {
    auto first = static_cast<const uint8_t *>(data);
    return {first, first + count};
}

void give(ct_work *out, WorkPointer work) { out->impl = new WorkPointer(std::move(work)); }

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
        out->impl = new GroupPointer(std::move(made));
    });
}

void ct_group_release(ct_group handle) { delete static_cast<GroupPointer *>(handle.impl); }

ct_status ct_group_sum(ct_group handle, ct_tensor a, ct_work *out) {
    return guarded([&] {
        std::vector<at::Tensor> tensors{tensor(a)};
        give(out, group(handle)->allreduce(tensors));
    });
}

ct_status ct_group_sum_at(ct_group handle, ct_tensor a, int32_t root, ct_work *out) {
    return guarded([&] {
        std::vector<at::Tensor> tensors{tensor(a)};
        c10d::ReduceOptions options;
        options.rootRank = root;
        give(out, group(handle)->reduce(tensors, options));
    });
}

ct_status ct_group_broadcast(ct_group handle, ct_tensor a, int32_t root, ct_work *out) {
    return guarded([&] {
        std::vector<at::Tensor> tensors{tensor(a)};
        c10d::BroadcastOptions options;
        options.rootRank = root;
        give(out, group(handle)->broadcast(tensors, options));
    });
}

ct_status ct_work_wait(ct_work handle, int64_t timeout, bool *done) {
    return guarded([&] {
        auto &work = *static_cast<WorkPointer *>(handle.impl);
        *done = false;
        try {
            work->wait(Milliseconds(timeout));
        } catch (...) {
            // Waiting ended, or the work itself.
            if (work->isCompleted()) throw;
            return;
        }
        *done = true;
    });
}

bool ct_work_has_succeeded(ct_work handle) {
    auto &work = *static_cast<WorkPointer *>(handle.impl);
    return work->isCompleted() && work->isSuccess();
}

void ct_work_release(ct_work handle) { delete static_cast<WorkPointer *>(handle.impl); }

}  // extern "C"
