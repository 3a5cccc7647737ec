#pragma once

#include <chrono>

namespace gloo {

// Only pointed to; the method is called by none of our own code.
class Context {
public:
    void setTimeout(std::chrono::milliseconds timeout);
};

}  // namespace gloo
