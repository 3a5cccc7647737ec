// What the self-test is made of: checks that are counted, and bodies that run on both devices.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <string>
#include <vector>

#include "simulated.hpp"

using at::Tensor;

void check(bool is_good, const std::string &what);
// What the body throws, in a line that begins with OOM where memory ran out; empty: nothing.
std::string thrown(const std::function<void()> &body);
bool are_same(const Tensor &first, const Tensor &second);

void test_memory();
void test_streams();
void test_operators();
void test_mistakes();
void test_gradients();
