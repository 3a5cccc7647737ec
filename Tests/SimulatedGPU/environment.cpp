// What the environment asks for, and the report.
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "simulated.hpp"

namespace simulated {

Options &options() {
    static Options all;
    return all;
}

Waits &waits() {
    static Waits all;
    return all;
}

namespace {

const char *variable(const char *name) {
    const char *value = std::getenv(name);
    return value && *value ? value : nullptr;
}
bool is_set(const char *name) { return variable(name) && std::string(variable(name)) != "0"; }

void write_report() {
    auto stats = allocator()->getDeviceStats(0);
    auto mebibytes = [](int64_t bytes) { return static_cast<double>(bytes) / (1 << 20); };
    // A reader never finds half of it.
    const std::string path = variable("SIMULATED_GPU_REPORT"), unfinished = path + ".part";
    {
        std::ofstream file(unfinished);
        file << "{\"peak_in_use_mib\": " << mebibytes(stats.allocated_bytes[0].peak)
             << ", \"peak_reserved_mib\": " << mebibytes(stats.reserved_bytes[0].peak)
             << ", \"left_bytes\": " << stats.allocated_bytes[0].current
             << ", \"refused_allocations\": " << stats.num_ooms
             << ", \"reads\": " << waits().reads << ", \"uploads\": " << waits().uploads
             << ", \"synchronizations\": " << waits().synchronizations << ", \"dry_misses\": {";
        const char *separator = "";
        for (auto &[name, count] : dry_misses()) {
            file << separator << '"' << name << "\": " << count;
            separator = ", ";
        }
        file << "}}\n";
    }
    std::rename(unfinished.c_str(), path.c_str());
}

const bool is_ready = [] {
    take_over_defaults();
    options().dry = is_set("SIMULATED_GPU_DRY");
    options().poison = is_set("SIMULATED_GPU_POISON");
    options().like_cpu = is_set("SIMULATED_GPU_LIKE_CPU");
    if (auto *limit = variable("SIMULATED_GPU_LIMIT"))
        options().limit = std::strtoull(limit, nullptr, 10) << 20;
    if (auto *shrinking = variable("SIMULATED_GPU_SHRINK")) {
        char *rest = nullptr;
        options().shrinks_after = std::strtoull(shrinking, &rest, 10);
        if (*rest == ':') options().shrunk_limit = std::strtoull(rest + 1, nullptr, 10) << 20;
    }
    if (variable("SIMULATED_GPU_REPORT")) std::atexit(write_report);
    return true;
}();

}  // namespace

void count_read() {
    waits().reads++;
    // A dry run of full size is ended before it writes gigabytes of zeros: it has reported by then.
    if (options().dry && variable("SIMULATED_GPU_REPORT")) write_report();
}

}  // namespace simulated
