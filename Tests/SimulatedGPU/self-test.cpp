// Whether the simulated GPU is one: the CPU's numbers in every bit, mistakes that throw, memory by
// the rules.
#include "self-test.hpp"

#include <ATen/Parallel.h>

#include <cstdio>
#include <cstring>

static int failures = 0, checks = 0;

void check(bool is_good, const std::string &what) {
    checks++;
    if (is_good) return;
    failures++;
    printf("FAILED: %s\n", what.c_str());
}

std::string thrown(const std::function<void()> &body) {
    auto first_line = [](std::string text) { return text.substr(0, text.find('\n')); };
    try {
        body();
    } catch (const c10::OutOfMemoryError &error) {
        return "OOM: " + first_line(error.what_without_backtrace());
    } catch (const c10::Error &error) {
        return first_line(error.what_without_backtrace());
    } catch (const std::exception &error) {
        return first_line(error.what());
    }
    return "";
}

bool are_same(const Tensor &first, const Tensor &second) {
    auto a = first.detach().cpu().contiguous(), b = second.detach().cpu().contiguous();
    return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() &&
           memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0;
}

int main() {
    at::set_num_threads(1);
    simulated::options().like_cpu = true;
    test_memory();
    test_streams();
    simulated::options().poison = true;
    test_operators();
    test_mistakes();
    test_gradients();
    printf("the simulated GPU: %d checks, %d failed\n", checks, failures);
    return failures != 0;
}
