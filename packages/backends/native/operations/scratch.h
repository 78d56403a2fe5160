// Memory for intermediate results, kept between calls.
#pragma once

#include <vector>

namespace gpd {

inline float* grown(std::vector<float>& memory, long floats) {
  if (static_cast<long>(memory.size()) < floats) memory.resize(floats);
  return memory.data();
}

// Of the thread that asks.
inline float* scratch(long floats) {
  thread_local std::vector<float> memory;
  return grown(memory, floats);
}

// Of the call that is running, for all threads that work on it. Each thread of JavaScript makes one call after another.
inline float* shared_scratch(long floats) {
  thread_local std::vector<float> memory;
  return grown(memory, floats);
}

}  // namespace gpd
