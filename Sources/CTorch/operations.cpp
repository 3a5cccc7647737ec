// LibTorch's headers take eight seconds wherever they are included, and Swift waits for all of C++:
// what needs no more than ATen is compiled as one file. `autograd.cpp`, with headers of its own, is
// the other.
#include "attention.cpp"
#include "device.cpp"
#include "disk.cpp"
#include "elementwise.cpp"
#include "finite.cpp"
#include "layers.cpp"
#include "optimizer.cpp"
#include "quantization.cpp"
#include "random.cpp"
#include "shape.cpp"
#include "tensor.cpp"
