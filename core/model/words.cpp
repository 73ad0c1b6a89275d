#include <array>
#include <utility>

#include "core/model/report.hpp"

namespace plumbline {
namespace {

constexpr std::array<std::pair<Verdict, const char*>, 8> kVerdicts{
    {{Verdict::match, "match"},
     {Verdict::violation, "violation"},
     {Verdict::degraded, "degraded"},
     {Verdict::drift, "drift"},
     {Verdict::vacuous, "vacuous"},
     {Verdict::preference_not_met, "preference_not_met"},
     {Verdict::unclaimed, "unclaimed"},
     {Verdict::unobservable, "unobservable"}}};

std::string text_of(const Endpoint& end) {
  return end.node + "/" + end.device + (end.rail.empty() ? "" : "@" + end.rail);
}

}  // namespace

const char* to_string(Verdict verdict) noexcept {
  for (const auto& [value, word] : kVerdicts) {
    if (value == verdict) return word;
  }
  return "unobservable";
}

Result<Verdict> parse_verdict(const std::string& word) {
  for (const auto& [value, name] : kVerdicts) {
    if (word == name) return value;
  }
  return fail(ErrorCode::invalid_input, "\"" + word + "\" is not a verdict");
}

const char* to_string(StageVerdict verdict) noexcept {
  switch (verdict) {
    case StageVerdict::pass:
      return "pass";
    case StageVerdict::fail:
      return "fail";
    case StageVerdict::inconclusive:
      return "inconclusive";
  }
  return "inconclusive";
}

int exit_code(StageVerdict verdict) noexcept {
  switch (verdict) {
    case StageVerdict::pass:
      return 0;
    case StageVerdict::fail:
      return 1;
    case StageVerdict::inconclusive:
      return 2;
  }
  return 2;
}

const char* to_string(ControlState state) noexcept {
  switch (state) {
    case ControlState::behaved:
      return "behaved";
    case ControlState::misbehaved:
      return "misbehaved";
    case ControlState::not_applicable:
      return "not_applicable";
  }
  return "misbehaved";
}

std::string Outcome::key() const {
  std::string text = probe + "|" + text_of(from) + "|" + text_of(to) + "|";
  const char* comma = "";
  for (const auto& [name, value] : parameters) {
    text += comma + name + "=" + value;
    comma = ",";
  }
  return text;
}

}  // namespace plumbline
