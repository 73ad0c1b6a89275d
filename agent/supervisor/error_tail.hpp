#pragma once

#include <filesystem>
#include <string>

#include "core/result.hpp"

namespace plumbline::agent {

/// A child's stderr: a pipe with a name, of which the last bytes are kept and the rest is dropped,
/// so that no child can fill a disk or a memory. One thread.
class ErrorTail {
 public:
  /// Makes the pipe in a private directory below the system's temporary one.
  static Result<ErrorTail> open();
  ErrorTail(ErrorTail&& other) noexcept;
  ErrorTail& operator=(ErrorTail&&) = delete;
  ErrorTail(const ErrorTail&) = delete;
  ErrorTail& operator=(const ErrorTail&) = delete;
  ~ErrorTail();

  /// What the child opens for writing.
  const std::filesystem::path& path() const { return path_; }
  /// Takes the name away: nobody else can open it. Call once the child runs.
  void hide();
  /// Takes what is there without waiting. A child that writes faster than this is called waits.
  void drain();
  /// The last bytes, at most 2 KiB, from the start of a line where one is in them.
  std::string last_words() const;

 private:
  ErrorTail(int reader, std::filesystem::path path);
  int reader_;
  std::filesystem::path path_;
  std::string tail_;
};

}  // namespace plumbline::agent
