// The device as LibTorch's guards see it: one device, streams, events.
//
// A stream holds what may be late: copies that the host does not wait for, waits for events, memory
// that goes back, exchanges with other processes. They happen as late as is legal, so that a wait
// that was left out shows.
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <chrono>
#include <deque>
#include <mutex>
#include <thread>

#include "simulated.hpp"

namespace simulated {
namespace {

struct Queue {
    std::deque<std::function<bool()>> waiting;  // each says whether it is done
    uint64_t begun = 0;

    uint64_t issued() const { return begun + waiting.size(); }
};

struct Event {
    c10::StreamId stream;
    uint64_t issued;  // what the stream was given before
};

// Work may ask for other streams, so it runs under the lock, which can be taken again.
std::recursive_mutex mutex;
std::map<c10::StreamId, Queue> &queues() {
    static auto *all = new std::map<c10::StreamId, Queue>;
    return *all;
}
c10::StreamId stream_count = 0;
thread_local c10::StreamId stream_of_thread = 0;

// Goes on until something is not done yet, for which nobody waits here: a host that asks must not
// wait. Whether it came there.
bool advance(c10::StreamId stream, uint64_t until) {
    std::lock_guard<std::recursive_mutex> lock(mutex);
    auto &queue = queues()[stream];
    while (queue.begun < until && !queue.waiting.empty()) {
        auto work = std::move(queue.waiting.front());
        queue.waiting.pop_front();
        queue.begun++;
        if (work()) continue;
        queue.waiting.push_front(std::move(work));
        queue.begun--;
        return false;
    }
    return true;
}

void run(c10::StreamId stream, uint64_t until = UINT64_MAX) {
    while (!advance(stream, until)) std::this_thread::sleep_for(std::chrono::microseconds(50));
}

struct Guard final : c10::impl::DeviceGuardImplInterface {
    static c10::Stream stream(c10::StreamId id) {
        return c10::Stream(c10::Stream::UNSAFE, simulated::device(), id);
    }
    static const Event &event(void *pointer) { return *static_cast<const Event *>(pointer); }

    c10::DeviceType type() const override { return kind; }
    c10::Device exchangeDevice(c10::Device to) const override {
        setDevice(to);
        return simulated::device();
    }
    c10::Device getDevice() const override { return simulated::device(); }
    void setDevice(c10::Device to) const override {
        TORCH_CHECK(to.index() <= 0, "there is one simulated GPU");
    }
    void uncheckedSetDevice(c10::Device) const noexcept override {}
    c10::DeviceIndex deviceCount() const noexcept override { return 1; }
    c10::DeviceCapability getDeviceCapability(c10::Device) const override { return {}; }

    void *getStreamNativeHandle(const c10::Stream which) const override {
        return reinterpret_cast<void *>(static_cast<intptr_t>(which.id() + 1));
    }
    c10::Stream getStream(c10::Device) const override { return stream(stream_of_thread); }
    c10::Stream getDefaultStream(c10::Device) const override { return stream(0); }
    c10::Stream getNewStream(c10::Device, int) const override {
        std::lock_guard<std::recursive_mutex> lock(mutex);
        return stream(++stream_count);
    }
    c10::Stream getStreamFromGlobalPool(c10::Device where, bool) const override {
        return getNewStream(where, 0);
    }
    c10::Stream exchangeStream(c10::Stream to) const override {
        return stream(std::exchange(stream_of_thread, to.id()));
    }
    void recordDataPtrOnStream(const c10::DataPtr &data, const c10::Stream &on) const override {
        allocator()->recordStream(data, on);
    }
    bool queryStream(const c10::Stream &which) const override {
        return advance(which.id(), UINT64_MAX);
    }
    void synchronizeStream(const c10::Stream &which) const override {
        waits().synchronizations++;
        run(which.id());
    }
    void synchronizeDevice(const c10::DeviceIndex) const override {
        waits().synchronizations++;
        finish_all();
    }

    void record(void **pointer, const c10::Stream &on, const c10::DeviceIndex,
                const c10::EventFlag) const override {
        std::lock_guard<std::recursive_mutex> lock(mutex);
        if (!*pointer) *pointer = new Event;
        *static_cast<Event *>(*pointer) = {on.id(), queues()[on.id()].issued()};
    }
    void block(void *pointer, const c10::Stream &waiting) const override {
        if (!pointer) return;
        postpone_until(waiting.id(), [wanted = event(pointer)] {
            return advance(wanted.stream, wanted.issued);
        });
    }
    bool queryEvent(void *pointer) const override {
        return !pointer || advance(event(pointer).stream, event(pointer).issued);
    }
    void synchronizeEvent(void *pointer) const override {
        waits().synchronizations++;
        if (pointer) run(event(pointer).stream, event(pointer).issued);
    }
    void destroyEvent(void *pointer, const c10::DeviceIndex) const noexcept override {
        delete static_cast<Event *>(pointer);
    }
};

C10_REGISTER_GUARD_IMPL(CUDA, Guard);

}  // namespace

c10::StreamId current_stream() { return stream_of_thread; }

void postpone_until(c10::StreamId stream, std::function<bool()> is_done) {
    std::lock_guard<std::recursive_mutex> lock(mutex);
    queues()[stream].waiting.push_back(std::move(is_done));
}

void postpone(c10::StreamId stream, std::function<void()> work) {
    postpone_until(stream, [work = std::move(work)] {
        work();
        return true;
    });
}

void push(c10::StreamId stream) { advance(stream, UINT64_MAX); }

void catch_up() { run(stream_of_thread); }

void finish_all() {
    // Not under the lock: what is waited for may need it.
    c10::StreamId count;
    {
        std::lock_guard<std::recursive_mutex> lock(mutex);
        count = stream_count;
    }
    for (c10::StreamId id = 0; id <= count; id++) run(id);
}

}  // namespace simulated
