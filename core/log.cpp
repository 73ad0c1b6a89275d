#include "core/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace plumbline {
namespace {

std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char letter) { return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f; }, '?');
  return text;
}

std::string in_json_string(const std::string& text) {
  std::string safe;
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') safe.push_back('\\');
    safe.push_back(letter);
  }
  return safe;
}

class SpdLog final : public Log {
 public:
  SpdLog(spdlog::level::level_enum level, LogFormat format)
      : format_(format), logger_("plumbline", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_level(level);
    logger_.set_pattern(format == LogFormat::json
                            ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","text":"%v"})"
                            : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
                        spdlog::pattern_time_type::utc);
    logger_.flush_on(spdlog::level::debug);
  }

  void debug(const std::string& text) override { write(spdlog::level::debug, text); }
  void info(const std::string& text) override { write(spdlog::level::info, text); }
  void warn(const std::string& text) override { write(spdlog::level::warn, text); }
  void error(const std::string& text) override { write(spdlog::level::err, text); }

 private:
  void write(spdlog::level::level_enum level, const std::string& text) {
    const std::string safe = printable(text);
    logger_.log(level, "{}", format_ == LogFormat::json ? in_json_string(safe) : safe);
  }

  LogFormat format_;
  spdlog::logger logger_;
};

class QuietLog final : public Log {
 public:
  void debug(const std::string& /*text*/) override {}
  void info(const std::string& /*text*/) override {}
  void warn(const std::string& /*text*/) override {}
  void error(const std::string& /*text*/) override {}
};

}  // namespace

Result<std::unique_ptr<Log>> open_log(const std::string& level, LogFormat format) {
  for (const auto& [word, value] :
       {std::pair{"debug", spdlog::level::debug}, std::pair{"info", spdlog::level::info},
        std::pair{"warn", spdlog::level::warn}, std::pair{"error", spdlog::level::err}}) {
    if (level == word) return std::unique_ptr<Log>(std::make_unique<SpdLog>(value, format));
  }
  return fail(ErrorCode::invalid_input,
              "\"" + level + "\" is not a log level; there are debug, info, warn and error");
}

std::unique_ptr<Log> quiet_log() { return std::make_unique<QuietLog>(); }

}  // namespace plumbline
