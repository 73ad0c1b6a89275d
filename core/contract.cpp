#include "core/contract.hpp"

#include <cstdio>
#include <cstdlib>

namespace plumbline {

void require(bool holds, const char* promise, const char* file, int line) noexcept {
  if (holds) return;
  std::fprintf(stderr, "plumbline: internal error: %s (%s:%d)\n", promise, file, line);
  std::abort();
}

}  // namespace plumbline
