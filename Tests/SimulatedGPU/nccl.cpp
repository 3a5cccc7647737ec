// NCCL's interface for processes with a simulated GPU each: libnccl.so.2. What they exchange goes
// through shared memory, on their streams. As between GPUs of one machine, nothing says that a process
// has died: the others' exchanges never end, unless they are aborted, and an abort waits for the GPU.
#include <ATen/ATen.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "simulated.hpp"

namespace {

enum Result { success = 0, system_error = 2, invalid_usage = 5, remote_error = 6 };
enum Type { uint8 = 1, int64 = 4, half = 6, float32 = 7, float64 = 8, bfloat16 = 9 };
constexpr int version = 22809;
constexpr int most = 16;
constexpr size_t room = 1 << 20;

struct UniqueId {
    char bytes[128];
};

// What all see: a place for the bytes of each, and how many came by.
struct Shared {
    std::atomic<uint64_t> arrived{0};
    char places[most][room];
};

struct Job {
    std::function<void()> body;
    bool is_begun = false;  // under the lock of streams
    std::atomic<bool> is_done{false};
};
using JobPointer = std::shared_ptr<Job>;

// Which exchange of this process goes wrong, counted from 1; 0: none.
long failing_exchange() {
    static const char *text = std::getenv("SIMULATED_NCCL_FAILS");
    return text ? std::atol(text) : 0;
}

bool is_set(const char *name) {
    const char *text = std::getenv(name);
    return text && *text == '1';
}

// A card does its exchanges while its host does something else, so here a thread does them. It is
// never given back: who calls for one that was aborted is to be caught, and not to crash.
struct Comm {
    Shared *const shared;
    const int rank, count;
    std::atomic<int> error{success};
    std::atomic<bool> is_over{false};

    Comm(Shared *shared, int rank, int count) : shared(shared), rank(rank), count(count) {
        std::lock_guard<std::mutex> lock(mutex_of_all);
        all.insert(this);
    }

    // As CUDA frees memory: when nothing is under way on the GPU, whoever has begun it.
    static void wait_for_gpu() {
        auto is_busy = [] {
            std::lock_guard<std::mutex> lock(mutex_of_all);
            return std::any_of(all.begin(), all.end(), [](Comm *one) {
                std::lock_guard<std::mutex> own(one->mutex);
                return !one->is_over && one->issued > one->done;
            });
        };
        while (is_busy() || is_set("SIMULATED_NCCL_STUCK")) usleep(1000);
    }

    void start() {
        std::thread([this] { run(); }).detach();
    }

    void issue(void *stream, std::function<void()> body) {
        auto job = std::make_shared<Job>();
        job->body = std::move(body);
        {
            std::lock_guard<std::mutex> lock(mutex);
            on = reinterpret_cast<intptr_t>(stream) - 1;
            issued++;
        }
        simulated::postpone_until(on, [this, job] {
            if (!std::exchange(job->is_begun, true)) begin(job);
            return is_over || job->is_done;
        });
        more.notify_one();
    }

    // Waits until all have come as often as this one.
    bool meet() {
        rounds++;
        shared->arrived++;
        while (shared->arrived < rounds * static_cast<uint64_t>(count)) {
            if (is_over) return false;
            usleep(50);
        }
        return !is_over;
    }

private:
    std::mutex mutex;
    std::condition_variable more;
    std::deque<JobPointer> begun;
    c10::StreamId on = 0;
    long issued = 0, ended = 0, done = 0;
    uint64_t rounds = 0;

    void begin(JobPointer job) {
        std::lock_guard<std::mutex> lock(mutex);
        begun.push_back(std::move(job));
    }

    void run() {
        while (!is_over) {
            JobPointer job;
            {
                std::unique_lock<std::mutex> lock(mutex);
                more.wait_for(lock, std::chrono::milliseconds(100),
                              [this] { return issued > ended; });
                if (issued == ended) continue;
                if (!begun.empty()) {
                    job = std::move(begun.front());
                    begun.pop_front();
                    ended++;
                }
            }
            if (!job) {
                simulated::push(on);
                usleep(50);
                continue;
            }
            // Late enough for a wait that was left out to show.
            usleep(200);
            if (++total == failing_exchange()) {
                error = remote_error;
                while (!is_over) usleep(1000);
            }
            job->body();
            job->is_done = true;
            std::lock_guard<std::mutex> lock(mutex);
            done++;
        }
    }

    static inline std::atomic<long> total{0};
    static inline std::mutex mutex_of_all;
    static inline std::set<Comm *> all;
};

c10::ScalarType scalar_type(int type) {
    switch (type) {
        case uint8: return c10::kByte;
        case int64: return c10::kLong;
        case half: return c10::kHalf;
        case float32: return c10::kFloat;
        case float64: return c10::kDouble;
        default: return c10::kBFloat16;
    }
}

// In pieces: each puts its own there, and takes what it wants of all; nobody goes on before all
// have taken.
template <class Take>
void exchange(Comm &comm, const char *own, size_t bytes, Take &&take) {
    for (size_t start = 0; start < bytes; start += room) {
        const size_t piece = std::min(room, bytes - start);
        std::memcpy(comm.shared->places[comm.rank], own + start, piece);
        if (!comm.meet()) return;
        take(start, piece);
        if (!comm.meet()) return;
    }
}

char *host(const void *address) { return static_cast<char *>(simulated::twin(address)); }

// Groups of calls that this thread is in.
thread_local int depth = 0;

// What a card does with a communicator that is gone is not defined.
void require(Comm *comm) {
    TORCH_INTERNAL_ASSERT(comm && !comm->is_over, "NCCL is asked for what was aborted");
}

int sum(const void *from, void *to, size_t count, int type, int root, Comm *comm, void *stream) {
    require(comm);
    const size_t size = c10::elementSize(scalar_type(type));
    comm->issue(stream, [=] {
        exchange(*comm, host(from), count * size, [&](size_t start, size_t piece) {
            if (root >= 0 && root != comm->rank) return;
            auto part = [&](int rank) {
                return at::from_blob(comm->shared->places[rank],
                                     {static_cast<int64_t>(piece / size)}, scalar_type(type));
            };
            auto total = part(0).clone();
            for (int rank = 1; rank < comm->count; rank++) total.add_(part(rank));
            if (is_set("SIMULATED_NCCL_WRONG")) total.add_(1);
            std::memcpy(host(to) + start, total.data_ptr(), piece);
        });
    });
    return success;
}

}  // namespace

extern "C" {

int ncclGetVersion(int *out) {
    *out = version;
    return success;
}

int ncclGetUniqueId(UniqueId *id) {
    std::memset(id, 0, sizeof *id);
    static int made = 0;
    std::snprintf(id->bytes, sizeof id->bytes, "/simulated-nccl-%d-%d", getpid(), made++);
    return success;
}

int ncclCommInitRank(Comm **out, int count, UniqueId id, int rank) {
    if (count > most || rank >= count) return invalid_usage;
    const int file = shm_open(id.bytes, O_RDWR | O_CREAT, 0600);
    if (file < 0 || ftruncate(file, sizeof(Shared)) != 0) return system_error;
    void *memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory == MAP_FAILED) return system_error;
    auto comm = new Comm(static_cast<Shared *>(memory), rank, count);
    comm->meet();
    if (rank == 0) shm_unlink(id.bytes);
    comm->start();
    *out = comm;
    return success;
}

int ncclAllReduce(const void *from, void *to, size_t count, int type, int operation, Comm *comm,
                  void *stream) {
    return operation == 0 ? sum(from, to, count, type, -1, comm, stream) : invalid_usage;
}

int ncclReduce(const void *from, void *to, size_t count, int type, int operation, int root,
               Comm *comm, void *stream) {
    return operation == 0 ? sum(from, to, count, type, root, comm, stream) : invalid_usage;
}

int ncclBroadcast(const void *from, void *to, size_t count, int type, int root, Comm *comm,
                  void *stream) {
    require(comm);
    const size_t bytes = count * c10::elementSize(scalar_type(type));
    comm->issue(stream, [=] {
        exchange(*comm, host(from), bytes, [&](size_t start, size_t piece) {
            std::memcpy(host(to) + start, comm->shared->places[root], piece);
        });
    });
    return success;
}

int ncclCommGetAsyncError(Comm *comm, int *out) {
    require(comm);
    *out = comm->error;
    return success;
}

int ncclCommAbort(Comm *comm) {
    require(comm);
    comm->is_over = true;
    if (depth == 0) Comm::wait_for_gpu();
    return success;
}

int ncclGroupStart() {
    depth++;
    return success;
}

int ncclGroupEnd() {
    if (--depth == 0) Comm::wait_for_gpu();
    return success;
}

const char *ncclGetErrorString(int result) {
    switch (result) {
        case success: return "no error";
        case system_error: return "unhandled system error";
        case remote_error: return "remote process exited or there was a network error";
        default: return "invalid usage";
    }
}

const char *ncclGetLastError(Comm *) { return ""; }

}  // extern "C"
