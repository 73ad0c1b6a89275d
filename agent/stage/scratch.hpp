#pragma once

#include <filesystem>

#include "core/result.hpp"

namespace plumbline::agent {

/// A private directory with a short name, since sockets are put into it; gone with this object.
class Scratch {
 public:
  static Result<Scratch> make();
  Scratch(Scratch&& other) noexcept;
  Scratch& operator=(Scratch&&) = delete;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit Scratch(std::filesystem::path path);
  std::filesystem::path path_;
};

}  // namespace plumbline::agent
