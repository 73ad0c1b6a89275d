#include "agent/stage/scratch.hpp"

#include <stdlib.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace plumbline::agent {

Result<Scratch> Scratch::make() {
  std::string pattern = "/tmp/plm-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return fail_errno(errno, "making " + pattern);
  return Scratch(pattern);
}

Scratch::Scratch(std::filesystem::path path) : path_(std::move(path)) {}

Scratch::Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}

Scratch::~Scratch() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace plumbline::agent
