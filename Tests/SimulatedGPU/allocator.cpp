// Memory by the rules of CUDA's caching allocator (c10/cuda/CUDACachingAllocator.cpp), with its
// defaults: pools by size and stream, segments that are split and joined, a cache.
#include <c10/core/AllocatorConfig.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <set>
#include <tuple>

#include "simulated.hpp"

namespace simulated {
namespace {

using namespace c10::CachingAllocator;

constexpr size_t large_buffer = 20 << 20;
constexpr size_t total_without_limit = size_t{80} << 30;

struct Block {
    size_t size;
    char *segment;
    c10::StreamId stream;
    bool is_small;
    bool is_used = false;
    size_t requested = 0;
    std::set<c10::StreamId> readers = {};  // other streams that have work with it
};
using Blocks = std::map<char *, Block>;

size_t round_up(size_t bytes, size_t step) { return (bytes + step - 1) / step * step; }

size_t segment_size(size_t size) {
    if (size <= kSmallSize) return kSmallBuffer;
    return size < kMinLargeAlloc ? large_buffer : round_up(size, kRoundLarge);
}

class CachingAllocator final : public c10::DeviceAllocator {
public:
    at::DataPtr allocate(size_t bytes) override {
        void *address = bytes ? take(bytes) : nullptr;
        return {address, address, &release, device()};
    }
    at::DeleterFnPtr raw_deleter() const override { return &release; }
    void copy_data(void *to, const void *from, size_t count) const override {
        memcpy(twin(to), twin(from), count);
    }
    bool initialized() override { return true; }

    void emptyCache(c10::MempoolId_t = {0, 0}) override {
        finish_all();
        std::lock_guard<std::mutex> lock(mutex);
        release_cached();
    }
    void recordStream(const at::DataPtr &data, c10::Stream stream) override {
        std::lock_guard<std::mutex> lock(mutex);
        auto found = blocks.find(static_cast<char *>(data.get()));
        if (found != blocks.end() && stream.id() != found->second.stream)
            found->second.readers.insert(stream.id());
    }

    c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex) override {
        std::lock_guard<std::mutex> lock(mutex);
        return stats;
    }
    void resetAccumulatedStats(c10::DeviceIndex) override {
        std::lock_guard<std::mutex> lock(mutex);
        for (auto *array : arrays())
            for (auto &one : *array) one.reset_accumulated();
        stats.num_alloc_retries = stats.num_ooms = 0;
        stats.num_device_alloc = stats.num_device_free = 0;
    }
    void resetPeakStats(c10::DeviceIndex) override {
        std::lock_guard<std::mutex> lock(mutex);
        for (auto *array : arrays())
            for (auto &one : *array) one.reset_peak();
    }
    std::pair<size_t, size_t> getMemoryInfo(c10::DeviceIndex) override {
        std::lock_guard<std::mutex> lock(mutex);
        const size_t total = options().limit ? options().limit : total_without_limit;
        return {total - std::min(total, reserved()), total};
    }

private:
    std::mutex mutex;
    Blocks blocks;
    std::set<std::tuple<c10::StreamId, size_t, char *>> idle[2];  // large, small
    c10::CachingDeviceAllocator::DeviceStats stats;
    size_t taken = 0;  // allocations so far

    std::vector<StatArray *> arrays() {
        return {&stats.allocation, &stats.segment, &stats.active, &stats.allocated_bytes,
                &stats.reserved_bytes, &stats.active_bytes, &stats.requested_bytes};
    }
    static void increase(StatArray &array, const Block &block, size_t amount) {
        for (auto type : {StatType::AGGREGATE, pool(block)})
            array[static_cast<size_t>(type)].increase(amount);
    }
    static void decrease(StatArray &array, const Block &block, size_t amount) {
        for (auto type : {StatType::AGGREGATE, pool(block)})
            array[static_cast<size_t>(type)].decrease(amount);
    }
    static StatType pool(const Block &block) {
        return block.is_small ? StatType::SMALL_POOL : StatType::LARGE_POOL;
    }
    size_t reserved() const { return static_cast<size_t>(stats.reserved_bytes[0].current); }

    void *take(size_t requested) {
        const size_t size = round_up(requested, kMinBlockSize);
        const bool is_small = size <= kSmallSize;
        const auto stream = current_stream();
        {
            std::lock_guard<std::mutex> lock(mutex);
            // Another program takes the rest of the card.
            if (options().shrinks_after && ++taken == options().shrinks_after) {
                options().limit = options().shrunk_limit;
            }
            auto place = cached(size, is_small, stream);
            if (place == blocks.end()) place = grow(size, is_small, stream);
            if (place != blocks.end()) return use(place, size, requested);
        }
        // Streams are waited for outside the lock, since what they owe gives memory back.
        finish_all();
        std::lock_guard<std::mutex> lock(mutex);
        stats.num_alloc_retries++;
        release_cached();
        auto place = grow(size, is_small, stream);
        if (place != blocks.end()) return use(place, size, requested);
        stats.num_ooms++;
        TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory. Tried to allocate ", size,
                         " bytes. The simulated GPU has ", options().limit, " bytes, of which ",
                         reserved(), " are reserved and ", stats.allocated_bytes[0].current,
                         " are in use.");
    }

    // The smallest idle block that is large enough.
    Blocks::iterator cached(size_t size, bool is_small, c10::StreamId stream) {
        auto &pool = idle[is_small];
        auto found = pool.lower_bound({stream, size, nullptr});
        if (found == pool.end() || std::get<0>(*found) != stream) return blocks.end();
        char *address = std::get<2>(*found);
        pool.erase(found);
        return blocks.find(address);
    }

    // The share of the card that a process may reserve, read where the allocator begins, as CUDA's
    // own does.
    static void read_settings() {
        const std::string key = "per_process_memory_fraction:";
        for (auto *name : {"PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ALLOC_CONF"}) {
            const char *value = std::getenv(name);
            if (!value) continue;
            const std::string text = value;
            const auto place = text.rfind(key);
            if (place == std::string::npos) return;
            const double share = std::strtod(text.c_str() + place + key.size(), nullptr);
            const size_t total = options().limit ? options().limit : total_without_limit;
            options().limit = static_cast<size_t>(share * static_cast<double>(total));
            return;
        }
    }

    Blocks::iterator grow(size_t size, bool is_small, c10::StreamId stream) {
        static const bool is_told = (read_settings(), true);
        (void)is_told;
        const size_t bytes = segment_size(size);
        if (options().limit && reserved() + bytes > options().limit) return blocks.end();
        char *address = fresh_addresses(bytes);
        if (!address) return blocks.end();
        auto place = blocks.emplace(address, Block{bytes, address, stream, is_small}).first;
        increase(stats.reserved_bytes, place->second, bytes);
        increase(stats.segment, place->second, 1);
        stats.num_device_alloc++;
        return place;
    }

    void *use(Blocks::iterator place, size_t size, size_t requested) {
        auto &[address, block] = *place;
        const size_t rest = block.size - size;
        if (block.is_small ? rest >= kMinBlockSize : rest > kSmallSize) {
            blocks.emplace(address + size,
                           Block{rest, block.segment, block.stream, block.is_small});
            idle[block.is_small].insert({block.stream, rest, address + size});
            block.size = size;
        }
        block.is_used = true;
        block.requested = requested;
        increase(stats.allocated_bytes, block, block.size);
        increase(stats.active_bytes, block, block.size);
        increase(stats.requested_bytes, block, requested);
        increase(stats.allocation, block, 1);
        increase(stats.active, block, 1);
        poison(address, block.size);
        return address;
    }

    static void poison(char *address, size_t bytes) {
        // All bits set: not a number in any of the floating types.
        if (options().poison && !options().dry) memset(twin(address), 0xFF, bytes);
    }

    static CachingAllocator &instance() {
        static auto *one = new CachingAllocator;
        return *one;
    }
    friend c10::DeviceAllocator *simulated::allocator();

    static void release(void *address) {
        if (address) instance().give_up(static_cast<char *>(address));
    }

    void give_up(char *address) {
        std::set<c10::StreamId> readers;
        {
            std::lock_guard<std::mutex> lock(mutex);
            auto place = blocks.find(address);
            auto &block = place->second;
            decrease(stats.allocated_bytes, block, block.size);
            decrease(stats.requested_bytes, block, block.requested);
            decrease(stats.allocation, block, 1);
            readers = std::exchange(block.readers, {});
            if (readers.empty()) return put_back(place);
        }
        auto left = std::make_shared<size_t>(readers.size());
        for (auto stream : readers)
            postpone(stream, [this, left, address] {
                std::lock_guard<std::mutex> lock(mutex);
                if (--*left == 0) put_back(blocks.find(address));
            });
    }

    void put_back(Blocks::iterator place) {
        auto &block = place->second;
        block.is_used = false;
        decrease(stats.active_bytes, block, block.size);
        decrease(stats.active, block, 1);
        poison(place->first, block.size);
        auto next = std::next(place);
        if (joins(next, place)) join(place, next);
        if (place != blocks.begin() && joins(std::prev(place), place)) {
            place = std::prev(place);
            join(place, std::next(place));
        }
        idle[place->second.is_small].insert(key(place));
    }
    static std::tuple<c10::StreamId, size_t, char *> key(Blocks::iterator place) {
        return {place->second.stream, place->second.size, place->first};
    }
    bool joins(Blocks::iterator other, Blocks::iterator place) {
        return other != blocks.end() && !other->second.is_used &&
               other->second.segment == place->second.segment;
    }
    void join(Blocks::iterator first, Blocks::iterator second) {
        for (auto one : {first, second}) idle[one->second.is_small].erase(key(one));
        first->second.size += second->second.size;
        blocks.erase(second);
    }

    // Gives back the segments of which nothing is in use.
    void release_cached() {
        for (auto place = blocks.begin(); place != blocks.end();) {
            auto &[address, block] = *place;
            auto next = std::next(place);
            bool is_whole = address == block.segment &&
                            (next == blocks.end() || next->second.segment != block.segment);
            if (!block.is_used && is_whole) {
                idle[block.is_small].erase(key(place));
                decrease(stats.reserved_bytes, block, block.size);
                decrease(stats.segment, block, 1);
                stats.num_device_free++;
                forget_bytes(address, block.size);
                blocks.erase(place);
            }
            place = next;
        }
    }
};

}  // namespace

c10::DeviceAllocator *allocator() { return &CachingAllocator::instance(); }

// CUDA's run time, asked before the allocator begins.
extern "C" int cudaMemGetInfo(size_t *free, size_t *total) {
    auto info = allocator()->getMemoryInfo(0);
    *free = info.first;
    *total = info.second;
    return 0;
}

void resize_storage(const c10::Storage &storage, size_t bytes) {
    auto fresh = allocator()->allocate(bytes);
    const size_t kept = std::min(bytes, storage.nbytes());
    if (kept && !options().dry) memcpy(twin(fresh.get()), twin(storage.data()), kept);
    auto *impl = storage.unsafeGetStorageImpl();
    impl->set_data_ptr_noswap(std::move(fresh));
    impl->set_nbytes(bytes);
}

static const bool is_registered = [] {
    c10::SetAllocator(kind, allocator());
    return true;
}();

}  // namespace simulated
