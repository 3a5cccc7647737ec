// What LibTorch asks its CUDA half for by name: whether it is there, generators, pinned memory.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/CPUAllocator.h>

#include <cstring>
#include <mutex>

#include "simulated.hpp"

namespace simulated {
namespace {

// The CPU's own under the device's name, so that a seed draws the same numbers.
struct Generator final : c10::GeneratorImpl {
    at::Generator inner;

    explicit Generator(at::Generator generator)
        : c10::GeneratorImpl(simulated::device(), c10::DispatchKeySet(c10::DispatchKey::CUDA)),
          inner(std::move(generator)) {}

    void set_current_seed(uint64_t seed) override { inner.set_current_seed(seed); }
    uint64_t current_seed() const override { return inner.current_seed(); }
    uint64_t seed() override { return inner.seed(); }
    void set_offset(uint64_t offset) override { inner.set_offset(offset); }
    uint64_t get_offset() const override { return inner.get_offset(); }
    void set_state(const c10::TensorImpl &state) override {
        inner.unsafeGetGeneratorImpl()->set_state(state);
    }
    c10::intrusive_ptr<c10::TensorImpl> get_state() const override {
        return inner.unsafeGetGeneratorImpl()->get_state();
    }
    Generator *clone_impl() const override { return new Generator(inner.clone()); }
};

at::Generator make_generator(uint64_t seed) {
    return at::make_generator<Generator>(at::make_generator<at::CPUGeneratorImpl>(seed));
}

// The CPU's memory, remembered.
class PinnedAllocator final : public c10::Allocator {
public:
    at::DataPtr allocate(size_t bytes) override {
        void *pointer = c10::GetDefaultCPUAllocator()->raw_allocate(bytes);
        std::lock_guard<std::mutex> lock(mutex);
        if (pointer) ranges[static_cast<const char *>(pointer)] = bytes;
        return {pointer, pointer, &release, c10::Device(c10::kCPU)};
    }
    at::DeleterFnPtr raw_deleter() const override { return &release; }
    void copy_data(void *to, const void *from, size_t count) const override {
        memcpy(to, from, count);
    }
    void remember(void *pointer, size_t bytes) {
        std::lock_guard<std::mutex> lock(mutex);
        ranges[static_cast<const char *>(pointer)] = bytes;
    }
    bool forget(void *pointer) {
        std::lock_guard<std::mutex> lock(mutex);
        return ranges.erase(static_cast<const char *>(pointer)) == 1;
    }
    bool holds(const void *pointer) {
        auto *place = static_cast<const char *>(pointer);
        std::lock_guard<std::mutex> lock(mutex);
        auto after = ranges.upper_bound(place);
        if (after == ranges.begin()) return false;
        auto range = std::prev(after);
        return place < range->first + range->second;
    }
    static PinnedAllocator &instance() {
        static auto *one = new PinnedAllocator;
        return *one;
    }

private:
    std::mutex mutex;
    std::map<const char *, size_t> ranges;

    static void release(void *pointer) {
        auto &self = instance();
        {
            std::lock_guard<std::mutex> lock(self.mutex);
            self.ranges.erase(static_cast<const char *>(pointer));
        }
        c10::GetDefaultCPUAllocator()->raw_deallocate(pointer);
    }
};

}  // namespace

// CUDA's run time: memory of the program's own that is page-locked.
extern "C" int cudaHostRegister(void *pointer, size_t bytes, unsigned) {
    PinnedAllocator::instance().remember(pointer, bytes);
    return 0;
}
extern "C" int cudaHostUnregister(void *pointer) {
    return PinnedAllocator::instance().forget(pointer) ? 0 : 1;
}

// The processes of a machine have one GPU together, or each its own.
extern "C" int cudaDeviceGetPCIBusId(char *out, int length, int) {
    const char *rank = std::getenv("SIMULATED_GPU_EACH") ? std::getenv("LOCAL_RANK") : nullptr;
    std::snprintf(out, static_cast<size_t>(length), "0000:%02x:00.0", rank ? std::atoi(rank) : 0);
    return 0;
}

bool is_pinned(const void *host_pointer) { return PinnedAllocator::instance().holds(host_pointer); }

at::Generator host_generator(const at::Generator &generator) {
    return static_cast<Generator *>(generator.unsafeGetGeneratorImpl())->inner;
}

struct Hooks final : at::CUDAHooksInterface {
    explicit Hooks(at::CUDAHooksArgs) {}

    void init() const override {}
    bool isBuilt() const override { return true; }
    bool isAvailable() const override { return true; }
    bool hasCUDA() const override { return true; }
    bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
    int getNumGPUs() const override { return 1; }
    c10::DeviceIndex deviceCount() const override { return 1; }
    c10::DeviceIndex current_device() const override { return 0; }
    void setCurrentDevice(c10::DeviceIndex) const override {}
    c10::DeviceIndex getCurrentDevice() const override { return 0; }
    c10::DeviceIndex exchangeDevice(c10::DeviceIndex) const override { return 0; }
    c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex) const override { return 0; }
    void deviceSynchronize(c10::DeviceIndex) const override {
        waits().synchronizations++;
        finish_all();
    }

    const at::Generator &getDefaultGenerator(c10::DeviceIndex) const override {
        static auto one = make_generator(c10::detail::getNonDeterministicRandom());
        return one;
    }
    at::Generator getNewGenerator(c10::DeviceIndex) const override {
        return make_generator(c10::default_rng_seed_val);
    }

    c10::Allocator *getCUDADeviceAllocator() const override { return allocator(); }
    c10::Allocator *getPinnedMemoryAllocator() const override {
        return &PinnedAllocator::instance();
    }
    bool isPinnedPtr(const void *pointer) const override { return is_pinned(pointer); }
    c10::Device getDeviceFromPtr(void *pointer) const override {
        TORCH_CHECK(is_address(pointer), "this is no address of the simulated GPU");
        return simulated::device();
    }
};

}  // namespace simulated

namespace at {
using SimulatedCUDAHooks = simulated::Hooks;
C10_REGISTER_CLASS(CUDAHooksRegistry, CUDAHooks, SimulatedCUDAHooks)
}  // namespace at
