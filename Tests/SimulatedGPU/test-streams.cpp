// What may be late is late: waits, events and record_stream that were left out show.
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>

#include "self-test.hpp"

void test_streams() {
    const auto device = simulated::device();
    c10::impl::VirtualGuardImpl guard(simulated::kind);
    auto side = guard.getNewStream(device), main = guard.getStream(device);
    auto pinned = at::empty({4}, at::dtype(at::kFloat).pinned_memory(true)).fill_(1);
    check(pinned.is_pinned() && !at::empty({4}).is_pinned(), "pinned memory is known");
    auto there = at::zeros({4}, at::device(device));
    auto upload = [&](const Tensor &to) {
        c10::StreamGuard on_side(side);
        to.copy_(pinned, /*non_blocking=*/true);
    };
    auto sum = [](const Tensor &tensor) { return tensor.sum().item<float>(); };
    auto on_host = [&] { return static_cast<const float *>(pinned.const_data_ptr())[0]; };

    upload(there);
    check(sum(there) == 0, "another stream's copy is not there without a wait");
    c10::Event event(simulated::kind);
    event.record(side);
    event.block(main);
    check(sum(there) == 4, "and is there behind its event");

    upload(there);
    pinned.fill_(2);
    guard.synchronizeStream(side);
    check(sum(there) == 8, "a copy that is late sees what was written meanwhile");

    pinned.fill_(9);
    pinned.copy_(there, /*non_blocking=*/true);
    check(on_host() == 9, "a copy to the host is not there without a wait");
    guard.synchronizeDevice(0);
    check(on_host() == 2, "and is there behind one");

    for (bool is_recorded : {false, true}) {
        pinned.fill_(5);
        auto early = at::empty({4}, at::device(device));
        upload(early);
        if (is_recorded) early.record_stream(side);
        early.reset();
        auto next = at::zeros({4}, at::device(device));
        guard.synchronizeStream(side);
        check((sum(next) == 0) == is_recorded,
              is_recorded ? "record_stream keeps what was freed"
                          : "without it a late copy spoils the next tensor");
    }
    there.copy_(pinned.fill_(3), /*non_blocking=*/true);
    check(sum(there.add(1)) == 16, "within a stream the order holds");
}
