// Addresses that fault, and the readable twins of what lies there.
#include <sys/mman.h>

#include <mutex>

#include "simulated.hpp"

namespace simulated {
namespace {

// Nothing is taken of it before it is written to, so there is no need to use an address twice.
constexpr size_t span = size_t{1} << 42;

char *reserve(int protection) {
    void *start = mmap(nullptr, span, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                       -1, 0);
    TORCH_CHECK(start != MAP_FAILED, "there are no addresses left for the simulated GPU");
    return static_cast<char *>(start);
}

struct Space {
    char *const faulting = reserve(PROT_NONE);
    char *const readable = reserve(PROT_READ | PROT_WRITE);
    std::mutex mutex;
    size_t used = 0;
};

// Never destroyed: tensors in statics are freed after everything else.
Space &space() {
    static auto *one = new Space;
    return *one;
}

}  // namespace

void *twin(const void *address) {
    return space().readable + (static_cast<const char *>(address) - space().faulting);
}

bool is_address(const void *address) {
    auto *place = static_cast<const char *>(address);
    return place >= space().faulting && place < space().faulting + span;
}

char *fresh_addresses(size_t bytes) {
    constexpr size_t page = 4096;
    std::lock_guard<std::mutex> lock(space().mutex);
    const size_t taken = (bytes + page - 1) / page * page;
    if (taken > span - space().used) return nullptr;
    return space().faulting + std::exchange(space().used, space().used + taken);
}

void forget_bytes(char *address, size_t bytes) { madvise(twin(address), bytes, MADV_DONTNEED); }

}  // namespace simulated
