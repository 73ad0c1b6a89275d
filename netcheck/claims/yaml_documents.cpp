#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "netcheck/claims/documents.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;

Json typed(const std::string& tag, const std::string& text) {
  if (tag != "?") return text;
  if (text == "true" || text == "false") return text == "true";
  if (text == "null" || text == "~" || text.empty()) return nullptr;
  std::int64_t number = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec == std::errc() && read.ptr == end) return number;
  return text;
}

constexpr int kMostDocuments = 10'000;

/// Builds JSON values from YAML's events, so that nothing grows before it is counted.
class Builder final : public YAML::EventHandler {
 public:
  std::vector<Json> documents;
  std::string problem;

  void OnDocumentStart(const YAML::Mark& mark) override {
    open_.clear();
    // yaml-cpp can stand still on bad input and start documents for ever.
    if (++started_ > kMostDocuments) stop(mark, "begins more than 10000 documents");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(mark, nullptr); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { stop(mark, "is an alias"); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    if (wants_key()) {
      open_.back().key = value;
      open_.back().has_key = true;
      return;
    }
    add(mark, typed(tag, value));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    begin(mark, Json::array());
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    begin(mark, Json::object());
  }
  void OnMapEnd() override { end(); }

 private:
  struct Level {
    Json value;
    std::string key = {};
    bool has_key = false;
  };

  bool wants_key() const {
    return !open_.empty() && open_.back().value.is_object() && !open_.back().has_key;
  }
  void stop(const YAML::Mark& mark, const std::string& what) {
    if (problem.empty()) problem = "line " + std::to_string(mark.line + 1) + " " + what;
  }
  void begin(const YAML::Mark& mark, Json value) {
    if (wants_key()) stop(mark, "has a key that is not a scalar");
    if (open_.size() >= static_cast<std::size_t>(kMostDepth))
      stop(mark, "is nested deeper than 64");
    if (problem.empty()) open_.push_back({std::move(value)});
  }
  void end() {
    if (!problem.empty() || open_.empty()) return;
    Json done = std::move(open_.back().value);
    open_.pop_back();
    add(YAML::Mark::null_mark(), std::move(done));
  }
  void add(const YAML::Mark& mark, Json value) {
    if (++values_ > kMostValues) stop(mark, "is beyond the limit of 10000000 values");
    if (!problem.empty()) return;
    if (open_.empty()) {
      documents.push_back(std::move(value));
    } else if (open_.back().value.is_array()) {
      open_.back().value.push_back(std::move(value));
    } else if (wants_key()) {
      stop(mark, "has a key that is not a scalar");
    } else {
      open_.back().value[open_.back().key] = std::move(value);
      open_.back().has_key = false;
    }
  }

  std::vector<Level> open_;
  long values_ = 0;
  int started_ = 0;
};

/// How many bytes follow a leading byte; -1 when it cannot lead.
int followers(unsigned char lead) {
  if (lead < 0x80) return 0;
  if (lead >= 0xC2 && lead < 0xE0) return 1;
  if (lead >= 0xE0 && lead < 0xF0) return 2;
  if (lead >= 0xF0 && lead < 0xF5) return 3;
  return -1;
}

/// False for a second byte that makes an overlong form, a surrogate or something beyond U+10FFFF.
bool second_fits(unsigned char lead, unsigned char second) {
  if (lead == 0xE0) return second >= 0xA0;
  if (lead == 0xED) return second < 0xA0;
  if (lead == 0xF0) return second >= 0x90;
  if (lead == 0xF4) return second < 0x90;
  return true;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    const int more = followers(lead);
    if (more < 0) return false;
    for (int i = 0; i < more; ++i, ++at) {
      if (at == text.size()) return false;
      const auto byte = static_cast<unsigned char>(text[at]);
      if ((byte & 0xC0U) != 0x80U || (i == 0 && !second_fits(lead, byte))) return false;
    }
  }
  return true;
}

}  // namespace

Result<std::vector<Json>> parse_yaml(std::string_view text) {
  if (!is_utf8(text)) return fail(ErrorCode::invalid_input, "is not UTF-8");
  Builder builder;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (builder.problem.empty() && parser.HandleNextDocument(builder)) {
    }
  } catch (const std::exception& error) {
    return fail(ErrorCode::invalid_input, std::string("is not YAML: ") + error.what());
  }
  if (!builder.problem.empty()) return fail(ErrorCode::invalid_input, builder.problem);
  return std::move(builder.documents);
}

}  // namespace plumbline::netcheck::claims
