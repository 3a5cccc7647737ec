// How much memory CUDA's caching allocator would hold (c10/cuda/CUDACachingAllocator.cpp, with its
// defaults and one stream): pools by size, segments that are split and joined, a cache.
#pragma once

#include <c10/core/AllocatorConfig.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <utility>

namespace ctorch {

class CachingMemory {
public:
    using Address = uint64_t;

    // A place of so many bytes, which is never at 0.
    Address take(size_t bytes) {
        const size_t size = round_up(bytes, c10::CachingAllocator::kMinBlockSize);
        const bool is_small = size <= c10::CachingAllocator::kSmallSize;
        auto &pool = idle[is_small];
        auto found = pool.lower_bound({size, 0});
        auto place = found == pool.end() ? grow(size, is_small) : blocks.find(found->second);
        if (found != pool.end()) pool.erase(found);
        auto &[address, block] = *place;
        const size_t rest = block.size - size;
        const bool is_split = is_small ? rest >= c10::CachingAllocator::kMinBlockSize
                                       : rest > c10::CachingAllocator::kSmallSize;
        if (is_split) {
            blocks.emplace(address + size, Block{rest, block.segment, is_small, false});
            pool.insert({rest, address + size});
            block.size = size;
        }
        block.is_used = true;
        in_use += block.size;
        peak_in_use = std::max(peak_in_use, in_use);
        return address;
    }

    void give_back(Address address) {
        auto place = blocks.find(address);
        in_use -= place->second.size;
        place->second.is_used = false;
        auto next = std::next(place);
        if (joins(next, place)) join(place, next);
        if (place != blocks.begin() && joins(std::prev(place), place)) {
            place = std::prev(place);
            join(place, std::next(place));
        }
        idle[place->second.is_small].insert({place->second.size, place->first});
    }

    // Gives back the segments of which nothing is in use.
    void release_cached() {
        for (auto place = blocks.begin(); place != blocks.end();) {
            auto &[address, block] = *place;
            auto next = std::next(place);
            const bool is_whole = address == block.segment &&
                                  (next == blocks.end() || next->second.segment != block.segment);
            if (!block.is_used && is_whole) {
                idle[block.is_small].erase({block.size, address});
                reserved -= block.size;
                blocks.erase(place);
            }
            place = next;
        }
    }

    void reset_peaks() {
        peak_in_use = in_use;
        peak_reserved = reserved;
    }

    size_t in_use = 0, peak_in_use = 0, reserved = 0, peak_reserved = 0;

private:
    struct Block {
        size_t size;
        Address segment;
        bool is_small;
        bool is_used;
    };
    using Blocks = std::map<Address, Block>;

    Blocks blocks;
    std::set<std::pair<size_t, Address>> idle[2];  // large, small
    Address next_segment = Address{1} << 32;

    static size_t round_up(size_t bytes, size_t step) {
        return std::max((bytes + step - 1) / step, size_t{1}) * step;
    }

    static constexpr size_t large_buffer = 20 << 20;

    static size_t segment_size(size_t size) {
        using namespace c10::CachingAllocator;
        if (size <= kSmallSize) return kSmallBuffer;
        return size < kMinLargeAlloc ? large_buffer : round_up(size, kRoundLarge);
    }

    Blocks::iterator grow(size_t size, bool is_small) {
        const size_t bytes = segment_size(size);
        // A gap between segments: what lies in two is never joined.
        const Address address = next_segment;
        next_segment += bytes + (1 << 21);
        reserved += bytes;
        peak_reserved = std::max(peak_reserved, reserved);
        return blocks.emplace(address, Block{bytes, address, is_small, false}).first;
    }

    bool joins(Blocks::iterator other, Blocks::iterator place) const {
        return other != blocks.end() && !other->second.is_used &&
               other->second.segment == place->second.segment;
    }

    void join(Blocks::iterator first, Blocks::iterator second) {
        auto &pool = idle[first->second.is_small];
        pool.erase({first->second.size, first->first});
        pool.erase({second->second.size, second->first});
        first->second.size += second->second.size;
        blocks.erase(second);
    }
};

}  // namespace ctorch
