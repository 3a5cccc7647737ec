// The allocator's rules, limits, and addresses that the host cannot follow.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "self-test.hpp"

using simulated::allocator;
using simulated::options;

namespace {

struct Use {
    int64_t in_use, reserved;
};
Use use() {
    auto stats = allocator()->getDeviceStats(0);
    return {stats.allocated_bytes[0].current, stats.reserved_bytes[0].current};
}

Tensor bytes(int64_t count) {
    return at::empty({count}, at::dtype(at::kByte).device(simulated::device()));
}

bool faults(const std::function<void()> &body) {
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        body();
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

constexpr int64_t MiB = 1 << 20;

void test_pools() {
    allocator()->emptyCache();
    auto start = use();
    {
        auto tiny = bytes(1);
        check(use().in_use - start.in_use == 512, "a byte takes 512");
        check(use().reserved - start.reserved == 2 * MiB, "of a segment of 2 MiB");
        auto small = bytes(MiB - 512);
        check(use().reserved - start.reserved == 2 * MiB, "where more has room");
        auto middle = bytes(MiB + 1);
        check(use().in_use - start.in_use == 2 * MiB + 512, "sizes are rounded to 512");
        check(use().reserved - start.reserved == 22 * MiB, "above 1 MiB a segment has 20");
        auto rest = bytes(18 * MiB);
        check(use().reserved - start.reserved == 22 * MiB, "which is split");
        auto large = bytes(11 * MiB);
        check(use().reserved - start.reserved == 34 * MiB, "from 10 MiB on it is rounded to 2");
    }
    check(use().in_use == start.in_use, "what is freed is not in use");
    check(use().reserved - start.reserved == 34 * MiB, "but kept");
    auto again = bytes(20 * MiB);
    check(use().reserved - start.reserved == 34 * MiB, "for what comes next, with parts joined");
    allocator()->emptyCache();
    check(use().reserved - start.reserved == 20 * MiB, "until it is given back");
    auto peak = allocator()->getDeviceStats(0).reserved_bytes[0].peak;
    check(peak >= start.reserved + 34 * MiB, "peaks stay");
    allocator()->resetPeakStats(0);
    check(allocator()->getDeviceStats(0).allocated_bytes[0].peak == use().in_use, "until reset");
}

void test_limit() {
    allocator()->emptyCache();
    options().limit = static_cast<size_t>(use().reserved + 24 * MiB);
    auto info = allocator()->getMemoryInfo(0);
    check(info.first == 24 * MiB && info.second == options().limit, "free and total bytes");
    {
        auto first = bytes(12 * MiB);
        auto why = thrown([] { bytes(14 * MiB); });
        check(why.rfind("OOM: CUDA out of memory", 0) == 0, "above the limit: " + why);
        auto second = bytes(12 * MiB);
    }
    check(thrown([] { bytes(24 * MiB); }).empty(), "what is cached is given back first");
    options().limit = 0;
}

}  // namespace

void test_memory() {
    test_pools();
    test_limit();
    auto tensor = at::ones({4}, at::device(simulated::device()));
    check(faults([&] {
        volatile float value = *static_cast<const float *>(tensor.const_data_ptr());
        (void)value;
    }), "a host that reads an address of the device faults");
    check(faults([&] { *static_cast<float *>(tensor.data_ptr()) = 1; }), "and one that writes");
    check(!faults([&] { tensor.add(1); }), "an operator does not");
    options().poison = true;
    check(std::isnan(at::empty({1}, tensor.options()).item<float>()), "poison is no number");
    auto again = at::empty({0}, tensor.options());
    again.resize_({2, 3}).fill_(2);
    check(again.sum().item<float>() == 12, "resizing makes room");
    options().poison = false;
}
