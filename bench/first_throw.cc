// SPDX-License-Identifier: Apache-2.0
// Prints what the first C++ exception of a program costs, in microseconds. Linked as tilla's own
// programs are, so that a change of the link flags which makes it dear (-static: 2 ms) shows up.
#include <chrono>
#include <cstdio>
#include <stdexcept>

namespace {

[[gnu::noinline]] void fail(int argc) {
  if (argc > 0) throw std::runtime_error("first");
}

}  // namespace

int main(int argc, char**) {
  const auto begin = std::chrono::steady_clock::now();
  try {
    fail(argc);
  } catch (const std::exception&) {  // the thing that is measured
  }
  const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - begin;
  std::printf("%.1f\n", spent.count());
}
