// NCCL without its headers or CUDA's: the few functions of its C interface that sums and broadcasts
// need, opened where the library lies beside libtorch_cuda.so.
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "internal.hpp"

namespace ctorch {

// The interface of NCCL 2: 128 bytes by value, numbers for types, an opaque pointer.
struct Nccl {
    struct UniqueId {
        char bytes[128];
    };
    using Comm = void *;
    enum Type : int { uint8 = 1, int64 = 4, half = 6, float32 = 7, float64 = 8, bfloat16 = 9 };
    static constexpr int success = 0, sum = 0;

    int (*get_version)(int *);
    int (*get_unique_id)(UniqueId *);
    int (*init_rank)(Comm *, int count, UniqueId, int rank);
    int (*all_reduce)(const void *, void *, size_t, int type, int operation, Comm, void *stream);
    int (*reduce)(const void *, void *, size_t, int type, int operation, int root, Comm,
                  void *stream);
    int (*broadcast)(const void *, void *, size_t, int type, int root, Comm, void *stream);
    int (*get_async_error)(Comm, int *);
    int (*abort)(Comm);
    int (*group_start)();
    int (*group_end)();
    const char *(*get_error_string)(int);
    const char *(*get_last_error)(Comm);
    // Of the library, such as 22809.
    int version;

    // Throws where the library cannot be opened, or lacks one of these.
    static Nccl open(const char *library);
    // That of libtorch_cuda.so.
    static const Nccl &instance();
    // Throws with NCCL's own words.
    void check(int result, const char *what, Comm comm = nullptr) const;
};

// Processes that exchange tensors of their GPUs, each of one of its own.
class NcclGroup {
public:
    // Waits for all others.
    NcclGroup(const Nccl::UniqueId &id, c10::Device device, int32_t rank, int32_t size);
    // Nothing may be under way any more. It does not wait for others, who may have gone.
    ~NcclGroup();

    // Each begins on a stream beside that of the computation.
    std::unique_ptr<struct Work> sum(const at::Tensor &tensor);
    std::unique_ptr<struct Work> sum_at(const at::Tensor &tensor, int32_t root);
    std::unique_ptr<struct Work> broadcast(const at::Tensor &tensor, int32_t root);
    // Ends what is under way, since others will not take part; from any thread.
    void abort() { abort({this}); }
    static void abort(const std::vector<NcclGroup *> &groups);
    // Sums known numbers, and throws where others come back, or none within the time.
    void try_sum(int32_t rank, int32_t size, int64_t milliseconds);
    // Throws where an exchange has failed, or was ended.
    void check() const;

private:
    const Nccl &nccl = Nccl::instance();
    const c10::Device device;
    const c10::Stream stream;
    // Held while NCCL is called, so that nobody ends what another thread is calling for.
    mutable std::timed_mutex mutex;
    std::atomic<Nccl::Comm> comm{nullptr};

    template <class Body>
    void call(Body &&body) const;
    template <class Body>
    std::unique_ptr<struct Work> start(const at::Tensor &tensor, Body &&body);
};

// An exchange that is under way.
struct Work {
    virtual ~Work() = default;
    // Whether it is done, at most so many milliseconds from now; throws where it failed.
    virtual bool wait(int64_t milliseconds) = 0;
    virtual bool has_succeeded() = 0;
};

}  // namespace ctorch
