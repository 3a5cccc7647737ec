// A GPU that is not there: what its parts know of each other, and what their test may switch.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/stack.h>
#include <c10/core/CachingDeviceAllocator.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace simulated {

using at::Tensor;
using torch::jit::Stack;

constexpr auto kind = c10::DeviceType::CUDA;
inline c10::Device device() { return {kind, 0}; }
inline bool is_here(const Tensor &tensor) { return tensor.device().type() == kind; }

// MARK: Switches and figures

struct Options {
    bool dry = false;         // shapes and allocations only: nothing is computed, no page touched
    bool poison = false;      // memory without contents is full of numbers that are none
    bool like_cpu = false;    // the CPU's choices where CUDA has others, to compare bits
    size_t limit = 0;         // of reserved bytes; 0: none
    size_t shrinks_after = 0; // allocations, from which on this is the limit; 0: never
    size_t shrunk_limit = 0;
};
Options &options();

// Where a real card would be waited for.
struct Waits {
    std::atomic<int64_t> reads{0};    // values that the host asked for
    std::atomic<int64_t> uploads{0};  // copies from the host that it waited for
    std::atomic<int64_t> synchronizations{0};
};
Waits &waits();
// Called where the host gets a value.
void count_read();

// What a dry run had to compute all the same, and how often.
std::map<std::string, int64_t> dry_misses();

// MARK: Memory

// The host cannot follow an address of the device; the bytes are at its twin.
void *twin(const void *address);
bool is_address(const void *address);
// Addresses that were never handed out before; nullptr when there are no more.
char *fresh_addresses(size_t bytes);
// The contents are not needed any more.
void forget_bytes(char *address, size_t bytes);

c10::DeviceAllocator *allocator();
void resize_storage(const c10::Storage &storage, size_t bytes);

// MARK: Streams. Kernels run when they are issued, but what may be late is late.

c10::StreamId current_stream();
// To be run when the stream's next kernel starts, or when someone waits for it.
void postpone(c10::StreamId stream, std::function<void()> work);
// The same for what takes its time elsewhere: asked again until it is done.
void postpone_until(c10::StreamId stream, std::function<bool()> is_done);
// Has the stream go as far as it can without anyone waiting.
void push(c10::StreamId stream);
// Everything that the stream of this thread still owes.
void catch_up();
void finish_all();

bool is_pinned(const void *host_pointer);
at::Generator host_generator(const at::Generator &generator);

// MARK: Tensors and operators

// A tensor of the CPU over the same bytes. A kernel that enlarges it gets other memory.
Tensor twin(const Tensor &tensor);
// A result of a CPU kernel, as a tensor of the device.
Tensor adopt(const Tensor &result);
const Tensor &give_shape(const Tensor &tensor, at::IntArrayRef size,
                     std::optional<at::MemoryFormat> format);

// Calls an operator of the CPU with the twins.
void compute(const c10::OperatorHandle &op, Stack *stack);
// Puts results without contents in place of the arguments; false where it cannot tell their shapes.
bool compute_dry(const c10::OperatorHandle &op, Stack *stack);
// Takes the place of defaults that would win over the CPU's kernels; their names.
std::vector<std::string> take_over_defaults();

}  // namespace simulated
