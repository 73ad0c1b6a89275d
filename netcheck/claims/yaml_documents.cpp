#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <map>
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
constexpr long kMostAliased = 1'000'000;  // values that aliases stand for, in a file

/// Builds JSON values from YAML's events, so that nothing grows before it is counted.
class Builder final : public YAML::EventHandler {
 public:
  std::vector<Json> documents;
  std::string problem;

  void OnDocumentStart(const YAML::Mark& mark) override {
    open_.clear();
    anchors_.clear();
    // yaml-cpp can stand still on bad input and start documents for ever.
    if (++started_ > kMostDocuments) stop(mark, "begins more than 10000 documents");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(mark, nullptr); }
  /// An alias is a copy of what its anchor names, counted as if it were written out.
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto named = anchors_.find(anchor);
    if (named == anchors_.end()) return stop(mark, "is an alias of what is not there");
    aliased_ += size_of(named->second, 0);
    if (aliased_ > kMostAliased) return stop(mark, "is an alias beyond the limit of their size");
    if (problem.empty()) add(mark, named->second);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (wants_key()) {
      open_.back().key = value;
      open_.back().has_key = true;
      return;
    }
    Json scalar = typed(tag, value);
    if (anchor != YAML::NullAnchor) anchors_[anchor] = scalar;
    add(mark, std::move(scalar));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    begin(mark, Json::array(), anchor);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    begin(mark, Json::object(), anchor);
  }
  void OnMapEnd() override { end(); }

 private:
  struct Level {
    Json value;
    std::string key = {};
    bool has_key = false;
    YAML::anchor_t anchor = YAML::NullAnchor;
  };

  /// Values of all kinds in one, bounded: what is nested deeper than the limit is too many.
  static long size_of(const Json& value, int depth) {
    if (depth > kMostDepth) return kMostAliased + 1;
    if (!value.is_structured()) return 1;
    long size = 1;
    for (const Json& one : value)
      size += size_of(one, depth + 1);
    return size;
  }

  bool wants_key() const {
    return !open_.empty() && open_.back().value.is_object() && !open_.back().has_key;
  }
  void stop(const YAML::Mark& mark, const std::string& what) {
    if (problem.empty()) problem = "line " + std::to_string(mark.line + 1) + " " + what;
  }
  void begin(const YAML::Mark& mark, Json value, YAML::anchor_t anchor) {
    if (wants_key()) stop(mark, "has a key that is not a scalar");
    if (open_.size() >= static_cast<std::size_t>(kMostDepth))
      stop(mark, "is nested deeper than 64");
    if (problem.empty()) open_.push_back({std::move(value), {}, false, anchor});
  }
  void end() {
    if (!problem.empty() || open_.empty()) return;
    Json done = std::move(open_.back().value);
    if (open_.back().anchor != YAML::NullAnchor) anchors_[open_.back().anchor] = done;
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
  std::map<YAML::anchor_t, Json> anchors_;
  long aliased_ = 0;
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
