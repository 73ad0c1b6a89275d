#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/child.hpp"

/// The programs under test and a place to work in.
namespace plumbline::agent::testing {

/// A directory that goes away with it.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// What a program that was run to its end left.
struct Ran {
  int status = -1;
  std::string out;
  std::string err;
};

/// Runs a program to its end, at most a minute.
Ran run(const std::filesystem::path& program, const std::vector<std::string>& arguments);

/// True as soon as `holds` does; false when it does not within `span`.
bool eventually(const std::function<bool()>& holds,
                std::chrono::nanoseconds span = std::chrono::seconds(30));

/// The process ids of living programs whose command line begins with `program`.
std::vector<std::string> alive(const std::filesystem::path& program);

}  // namespace plumbline::agent::testing
