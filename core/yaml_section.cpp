#include "core/yaml_section.hpp"

#include <algorithm>

namespace plumbline {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

YamlSection::YamlSection(const YAML::Node& node, std::string name, std::optional<Error>& problem)
    : node_(node), name_(std::move(name)), problem_(problem) {
  if (node_.IsDefined() && !node_.IsMap()) complain("", "is not a mapping");
}

std::string YamlSection::text(const char* key) {
  const auto value = scalar(key);
  if (!value || value->empty()) complain(key, "is missing");
  return value.value_or("");
}

std::string YamlSection::text_or(const char* key, const std::string& otherwise) {
  return scalar(key).value_or(otherwise);
}

bool YamlSection::flag_or(const char* key, bool otherwise) {
  const auto value = scalar(key);
  if (!value) return otherwise;
  if (*value != "true" && *value != "false") complain(key, "is neither true nor false");
  return *value == "true";
}

double YamlSection::number_or(const char* key, double otherwise, double least, double most) {
  const YAML::Node field = find(key);
  if (!field) return otherwise;
  double value = 0;
  const bool read = YAML::convert<double>::decode(field, value);
  if (read && value >= least && value <= most) return value;
  complain(key, "is not a number from " + std::to_string(least) + " to " + std::to_string(most));
  return otherwise;
}

std::optional<BytesPerSecond> YamlSection::rate(const char* key) {
  const auto value = scalar(key);
  if (!value) return std::nullopt;
  const auto rate = parse_rate(*value);
  if (rate && rate->value > 0) return *rate;
  complain(key, "is not a rate above zero: write 200Mb/s or 25MB/s");
  return std::nullopt;
}

Bytes YamlSection::size_or(const char* key, Bytes otherwise) {
  const auto value = scalar(key);
  if (!value) return otherwise;
  const auto size = parse_size(*value);
  if (size && size->count > 0) return *size;
  complain(key, "is not a size above zero: write 64KiB or 1MiB");
  return otherwise;
}

std::vector<Bytes> YamlSection::sizes_or(const char* key, std::vector<Bytes> otherwise) {
  const YAML::Node field = find(key);
  if (!field) return otherwise;
  std::vector<Bytes> sizes;
  for (const auto& item : field) {
    const auto size = parse_size(item.Scalar());
    if (size && size->count > 0) sizes.push_back(*size);
  }
  const bool whole = field.IsSequence() && sizes.size() == field.size() && !sizes.empty();
  if (!whole) complain(key, "is not a list of sizes: write [64KiB, 1MiB]");
  std::sort(sizes.begin(), sizes.end());
  return whole ? sizes : otherwise;
}

std::chrono::nanoseconds YamlSection::duration_or(const char* key,
                                                  std::chrono::nanoseconds otherwise) {
  const auto value = scalar(key);
  if (!value) return otherwise;
  const auto span = parse_duration(*value);
  if (span && span->count() > 0) return *span;
  complain(key, "is not a time above zero: write 300ms, 8s or 10m");
  return otherwise;
}

std::vector<std::string> YamlSection::words_or(const char* key, std::vector<std::string> otherwise,
                                               const std::vector<std::string>& allowed) {
  const YAML::Node field = find(key);
  if (!field) return otherwise;
  std::vector<std::string> words;
  if (!field.IsSequence()) complain(key, "is not a list of words");
  for (const auto& item : field) {
    words.push_back(item.IsScalar() ? item.Scalar() : "");
    if (std::find(allowed.begin(), allowed.end(), words.back()) == allowed.end()) {
      complain(key, "holds \"" + words.back() + "\"; allowed: " + joined(allowed));
    }
  }
  return words;
}

std::vector<std::string> YamlSection::texts(const char* key) {
  std::vector<std::string> words;
  const YAML::Node field = find(key);
  if (!field) return words;
  if (!field.IsSequence()) complain(key, "is not a list of texts");
  for (const auto& item : field) {
    if (!item.IsScalar() || item.Scalar().empty()) complain(key, "holds what is no text");
    if (item.IsScalar()) words.push_back(item.Scalar());
  }
  return words;
}

std::map<std::string, std::string> YamlSection::table(const char* key) {
  std::map<std::string, std::string> values;
  const YAML::Node field = find(key);
  if (!field) return values;
  if (!field.IsMap()) complain(key, "is not a mapping of texts: write {NAME: VALUE}");
  if (!field.IsMap()) return values;
  for (const auto& entry : field) {
    const bool plain = entry.first.IsScalar() && entry.second.IsScalar();
    if (!plain || entry.first.Scalar().empty()) complain(key, "is not a mapping of texts");
    if (plain) values[entry.first.Scalar()] = entry.second.Scalar();
  }
  return values;
}

bool YamlSection::has(const char* key) { return static_cast<bool>(find(key)); }

YamlSection YamlSection::section(const char* key) {
  return YamlSection(find(key), name_ + key + ".", problem_);
}

std::vector<YamlSection> YamlSection::sections(const char* key) {
  std::vector<YamlSection> list;
  const YAML::Node field = find(key);
  if (!field) return list;
  if (!field.IsSequence()) complain(key, "is not a list");
  for (const auto& item : field)
    list.emplace_back(item, name_ + key + "[].", problem_);
  return list;
}

void YamlSection::done() {
  if (!node_.IsDefined() || !node_.IsMap()) return;
  for (const auto& entry : node_) {
    const std::string key = entry.first.Scalar();
    if (known_.contains(key) || problem_) continue;
    problem_ = Error{ErrorCode::invalid_input,
                     "line " + std::to_string(entry.first.Mark().line + 1) + ": " + name_ + key +
                         " is not a key of this file; here are allowed: " +
                         joined({known_.begin(), known_.end()})};
  }
}

void YamlSection::complain(const char* key, const std::string& what) {
  if (problem_) return;
  const bool there = node_.IsDefined() && node_.IsMap() && node_[key];
  const YAML::Mark mark = there               ? node_[key].Mark()
                          : node_.IsDefined() ? node_.Mark()
                                              : YAML::Mark::null_mark();
  const std::string line = mark.is_null() ? "" : "line " + std::to_string(mark.line + 1) + ": ";
  const std::string subject = name_ + key;
  problem_ =
      Error{ErrorCode::invalid_input, line + (subject.empty() ? "the file" : subject) + " " + what};
}

YAML::Node YamlSection::find(const char* key) {
  known_.insert(key);
  if (!node_.IsDefined() || !node_.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  const YAML::Node& fixed = node_;
  return fixed[key];
}

std::optional<std::string> YamlSection::scalar(const char* key) {
  const YAML::Node field = find(key);
  if (!field) return std::nullopt;
  if (!field.IsScalar()) {
    complain(key, "is not a single value");
    return std::nullopt;
  }
  return field.Scalar();
}

}  // namespace plumbline
