// Tensors that lie in a file: the system brings in what is used, and writes back what was changed.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "meta.hpp"

using namespace ctorch;

namespace {

struct Mapping {
    void *address;
    size_t size;
    // The file, and where in it: what is let go leaves no bytes on the disk.
    int file;
    int64_t offset;

    static void release(void *context) {
        const std::unique_ptr<Mapping> mapping(static_cast<Mapping *>(context));
        munmap(mapping->address, mapping->size);
#ifdef __linux__
        fallocate(mapping->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, mapping->offset,
                  static_cast<off_t>(mapping->size));
#endif
        close(mapping->file);
    }
};

size_t whole_pages(const at::Tensor &tensor) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const auto bytes = static_cast<size_t>(tensor.numel()) * tensor.element_size();
    return (std::max<size_t>(bytes, 1) + page - 1) / page * page;
}

}  // namespace

extern "C" {

int64_t ct_bytes_in_file(ct_tensor a) { return static_cast<int64_t>(whole_pages(tensor(a))); }

ct_status ct_place_in_file(ct_tensor a, int file, int64_t offset, ct_tensor *out) {
    return guarded([&] {
        c10::NoGradGuard no_grad;
        const auto &source = tensor(a);
        if (source.is_meta()) {
            MemoryScope scope(Memory::disk);
            return give(out, at::empty_like(source));
        }
        const auto size = whole_pages(source);
        void *address = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, offset);
        TORCH_CHECK_WITH(OutOfMemoryError, address != MAP_FAILED, "a file cannot be mapped");
        // The mapping may live longer than who opened the file.
        auto *mapping = new Mapping{address, size, fcntl(file, F_DUPFD_CLOEXEC, 0), offset};
        c10::Storage storage(c10::Storage::use_byte_size_t(), size,
                             c10::DataPtr(address, mapping, &Mapping::release, at::kCPU),
                             /*allocator=*/nullptr, /*resizable=*/false);
        // As the tensor lies, where that has no gaps.
        const auto strides = source.is_non_overlapping_and_dense()
                                 ? source.strides().vec()
                                 : at::empty(source.sizes(), at::kMeta).strides().vec();
        auto copy = at::empty({0}, source.options().device(at::kCPU))
                        .set_(storage, 0, source.sizes(), strides);
        copy.copy_(source);
        give(out, copy);
    });
}

bool ct_lies_in_file(ct_tensor a) {
    const auto &held = *static_cast<const at::Tensor *>(a.impl);
    if (held.is_meta()) return is_counted_on_disk(held);
    return held.has_storage() &&
           held.storage().data_ptr().cast_context<Mapping>(&Mapping::release) != nullptr;
}

void ct_leave_memory(ct_tensor a) {
    const auto &held = *static_cast<const at::Tensor *>(a.impl);
    if (!held.has_storage()) return;
    auto *mapping = held.storage().data_ptr().cast_context<Mapping>(&Mapping::release);
    if (!mapping) return;
    // What was changed is the system's to write: it keeps it as a part of the file until then.
    madvise(mapping->address, mapping->size, MADV_DONTNEED);
}

}  // extern "C"
