// Tensors that have shapes and no data, on LibTorch's meta device, and what memory they would take.
#pragma once

#include "internal.hpp"

namespace ctorch {

// What is counted beside the other, since an optimizer may lie in main memory and its network on a
// GPU: `index` of a `CT_META` device.
// The disk is main memory in all but its account: what lies there is computed with as it is.
enum class Memory : int32_t { processor = 0, gpu = 1, disk = 2 };

// Where a tensor of the meta device would be computed with.
Memory memory_of(const at::Tensor &tensor);

// Whether a tensor of the meta device would lie in a file.
bool is_counted_on_disk(const at::Tensor &tensor);

// Whether a tensor lies in main memory, or would.
bool is_on_processor(const at::Tensor &tensor);

// What is allocated on the meta device in this scope would lie there.
class MemoryScope {
public:
    explicit MemoryScope(Memory memory);
    ~MemoryScope();
    // As it is now; what changes it in this scope changes nothing after it.
    MemoryScope();

private:
    Memory before;
};

// The same for a device; nothing where that has data.
class PlaceScope {
public:
    explicit PlaceScope(ct_device where) {
        if (where.kind == CT_META) scope.emplace(static_cast<Memory>(where.index));
    }

private:
    std::optional<MemoryScope> scope;
};

// A copy in another type, memory or format.
at::Tensor convert_meta(const at::Tensor &tensor, at::ScalarType dtype, Memory memory,
                        at::MemoryFormat format, bool copy);

struct MetaUsage {
    int64_t in_use, peak_in_use, peak_reserved;
};
MetaUsage meta_usage(Memory memory);
void reset_meta_peaks(Memory memory);
void release_cached_meta(Memory memory);

}  // namespace ctorch
