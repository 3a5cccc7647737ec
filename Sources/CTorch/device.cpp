#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <ATen/detail/AcceleratorHooksInterface.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#ifdef __linux__
#include <climits>
#include <link.h>
#endif
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <torch/headeronly/version.h>

#include "meta.hpp"

using namespace ctorch;

static c10::DeviceAllocator *allocator(ct_device where) {
    return c10::getDeviceAllocator(device(where).type());
}

static void *cuda_library = nullptr;

// Why libtorch_cuda.so could not be opened; empty where it could.
static const std::string &accelerator_problem() {
    static const std::string problem = [] {
        cuda_library = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
        if (!cuda_library) return std::string(dlerror());
#ifdef __linux__
        // NVIDIA's compiler of kernels at run time opens this by its name, and finds it where it is
        // open already: neither knows its own folder, which is that of the run time.
        char folder[PATH_MAX];
        void *runtime = dlopen("libcudart.so.13", RTLD_NOW | RTLD_NOLOAD);
        if (runtime && dlinfo(runtime, RTLD_DI_ORIGIN, folder) == 0)
            dlopen((std::string(folder) + "/libnvrtc-builtins.so.13.0").c_str(), RTLD_NOW);
#endif
        return std::string();
    }();
    return problem;
}

// Peaks for measurements from outside (Benchmarks/gpu.sh), in the file that the variable
// ATTUNE_MEMORY_REPORT names: a reader never finds half of it, even where the run is killed.
static void report_memory(const c10::CachingDeviceAllocator::DeviceStats &stats) {
    static const char *path = std::getenv("ATTUNE_MEMORY_REPORT");
    if (!path || !*path) return;
    const std::string unfinished = std::string(path) + ".part";
    if (auto *file = std::fopen(unfinished.c_str(), "w")) {
        std::fprintf(file, "{\"peak_in_use\": %lld, \"peak_reserved\": %lld}\n",
                     static_cast<long long>(stats.allocated_bytes[0].peak),
                     static_cast<long long>(stats.reserved_bytes[0].peak));
        if (std::fclose(file) == 0) std::rename(unfinished.c_str(), path);
    }
}

void *ctorch::accelerator_function(const char *name) {
    return ct_load_accelerators() ? dlsym(cuda_library, name) : nullptr;
}

extern "C" {

bool ct_load_accelerators(void) { return accelerator_problem().empty(); }

const char *ct_accelerator_problem(void) { return accelerator_problem().c_str(); }

bool ct_has_nvidia_driver(void) {
    static bool found = dlopen("libcuda.so.1", RTLD_LAZY) != nullptr;
    return found;
}

int32_t ct_device_count(ct_device_kind kind) {
    int32_t count = 0;
    guarded([&] {
        if (kind == CT_CPU) {
            count = 1;
        } else if (kind == CT_CUDA) {
            count = ct_load_accelerators() ? static_cast<int32_t>(
                        at::detail::getCUDAHooks().deviceCount()) : 0;
        } else {
            count = at::hasMPS() ? 1 : 0;
        }
    });
    return count;
}

ct_status ct_synchronize(ct_device where) {
    return guarded([&] {
        if (where.kind != CT_CPU && where.kind != CT_META)
            at::accelerator::synchronizeDevice(static_cast<c10::DeviceIndex>(where.index));
    });
}

ct_status ct_use_device(ct_device where) {
    return guarded([&] {
        if (where.kind != CT_CPU && where.kind != CT_META)
            c10::impl::VirtualGuardImpl(device(where).type()).setDevice(device(where));
    });
}

ct_status ct_memory_in_use(ct_device where, int64_t *current, int64_t *peak_in_use,
                           int64_t *peak_reserved) {
    return guarded([&] {
        if (where.kind == CT_META) {
            auto usage = meta_usage(static_cast<Memory>(where.index));
            *current = usage.in_use;
            *peak_in_use = usage.peak_in_use;
            *peak_reserved = usage.peak_reserved;
            return;
        }
        auto stats = allocator(where)->getDeviceStats(static_cast<c10::DeviceIndex>(where.index));
        *current = stats.allocated_bytes[0].current;
        *peak_in_use = stats.allocated_bytes[0].peak;
        *peak_reserved = stats.reserved_bytes[0].peak;
        report_memory(stats);
    });
}

ct_status ct_memory_info(ct_device where, int64_t *free_bytes, int64_t *total_bytes) {
    return guarded([&] {
        auto info = allocator(where)->getMemoryInfo(static_cast<c10::DeviceIndex>(where.index));
        *free_bytes = static_cast<int64_t>(info.first);
        *total_bytes = static_cast<int64_t>(info.second);
    });
}

ct_status ct_reset_peak_memory(ct_device where) {
    return guarded([&] {
        if (where.kind == CT_META) return reset_meta_peaks(static_cast<Memory>(where.index));
        allocator(where)->resetPeakStats(static_cast<c10::DeviceIndex>(where.index));
    });
}

ct_status ct_limit_memory(ct_device where, int64_t bytes) {
    return guarded([&] {
        TORCH_CHECK(where.kind == CT_CUDA && ct_load_accelerators(), "only CUDA's has a limit");
        // Asked of CUDA's run time itself: the allocator reads the environment where it first begins.
        using MemoryInfo = int (*)(size_t *, size_t *);
        auto ask = reinterpret_cast<MemoryInfo>(dlsym(cuda_library, "cudaMemGetInfo"));
        size_t free = 0, total = 0;
        TORCH_CHECK(ask && ask(&free, &total) == 0 && total > 0, "the GPU does not say its size");
        const double share = std::min(1.0, static_cast<double>(bytes) / static_cast<double>(total));
        const char *old = "PYTORCH_CUDA_ALLOC_CONF";  // counts first where both are set
        const char *name = std::getenv(old) ? old : "PYTORCH_ALLOC_CONF";
        const char *told = std::getenv(name);
        const auto settings = (told && *told ? std::string(told) + "," : std::string()) +
                              "per_process_memory_fraction:" + std::to_string(share);
        setenv(name, settings.c_str(), 1);
    });
}

ct_status ct_pinned(ct_tensor a, ct_tensor *out) {
    return guarded([&] {
        const auto &source = tensor(a);
        const auto bytes = static_cast<size_t>(source.numel()) * source.element_size();
        // CUDA takes what is smaller without waiting for it anyway.
        if (bytes <= (64 << 10) || !source.is_non_overlapping_and_dense() ||
            !ct_load_accelerators())
            return give(out, source);
        using Lock = int (*)(void *, size_t, unsigned);
        using Unlock = int (*)(void *);
        using LastError = int (*)();
        auto lock = reinterpret_cast<Lock>(dlsym(cuda_library, "cudaHostRegister"));
        auto unlock = reinterpret_cast<Unlock>(dlsym(cuda_library, "cudaHostUnregister"));
        if (!lock || !unlock) return give(out, source);
        const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
        const size_t size = (bytes + page - 1) / page * page;
        void *memory =
            mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        TORCH_CHECK_WITH(OutOfMemoryError, memory != MAP_FAILED, "no main memory is left");
        if (lock(memory, size, 0) != 0) {
            // What cannot be locked is copied all the same; the failure is not another call's.
            auto last = reinterpret_cast<LastError>(dlsym(cuda_library, "cudaGetLastError"));
            if (last) last();
            munmap(memory, size);
            return give(out, source);
        }
        auto release = [unlock, size](void *pointer) {
            // A copy may be on its way.
            guarded([] { at::accelerator::synchronizeDevice(at::accelerator::getDeviceIndex()); });
            unlock(pointer);
            munmap(pointer, size);
        };
        auto copy = at::from_blob(memory, source.sizes(), source.strides(), release,
                                  source.options());
        c10::NoGradGuard no_grad;
        copy.copy_(source);
        give(out, copy);
    });
}

ct_status ct_empty_cache(ct_device where) {
    return guarded([&] {
        if (where.kind == CT_META) return release_cached_meta(static_cast<Memory>(where.index));
        if (where.kind != CT_CPU) allocator(where)->emptyCache();
    });
}

void ct_trim_host_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

ct_status ct_set_fast_matmul(bool allow_tf32) {
    return guarded([&] {
        at::globalContext().setAllowTF32CuBLAS(allow_tf32);
        at::globalContext().setAllowTF32CuDNN(allow_tf32);
        at::globalContext().setBenchmarkCuDNN(true);
    });
}

void ct_set_thread_count(int32_t count) { at::set_num_threads(count); }

int32_t ct_thread_count(void) { return at::get_num_threads(); }

bool ct_has_fast_bfloat16(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

const char *ct_version(void) { return TORCH_VERSION; }

}  // extern "C"
