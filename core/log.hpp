#pragma once

#include <memory>
#include <string>

#include "core/result.hpp"

namespace plumbline {

/// How the log looks.
enum class LogFormat { text, json };

/// Where a part of the program says what it is doing, on stderr. Results never go here. Passed by
/// reference; thread-safe; line format "time level subject text".
class Log {
 public:
  virtual ~Log() = default;
  virtual void debug(const std::string& text) = 0;
  virtual void info(const std::string& text) = 0;
  virtual void warn(const std::string& text) = 0;
  virtual void error(const std::string& text) = 0;
};

/// The program's log on stderr (by spdlog). `level` is one of debug info warn error; another word
/// is an error that lists them. Control bytes in texts are replaced by '?'.
Result<std::unique_ptr<Log>> open_log(const std::string& level, LogFormat format);

/// A log that drops everything, for tests and quiet callers.
std::unique_ptr<Log> quiet_log();

}  // namespace plumbline
