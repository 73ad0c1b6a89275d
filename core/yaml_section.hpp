#pragma once

#include <yaml-cpp/yaml.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "core/units.hpp"

namespace plumbline {

/// One mapping of a YAML file while it is read strictly. The first thing wrong is kept, with its
/// line; reading goes on with defaults. Keys that nobody asked for are wrong too: done() tells.
class YamlSection {
 public:
  /// `node` may be absent: then every needed key is missing.
  YamlSection(const YAML::Node& node, std::string name, std::optional<Error>& problem);

  /// A text that must be there and is not empty.
  std::string text(const char* key);
  std::string text_or(const char* key, const std::string& otherwise);
  bool flag_or(const char* key, bool otherwise);
  double number_or(const char* key, double otherwise, double least, double most);
  std::optional<BytesPerSecond> rate(const char* key);
  Bytes size_or(const char* key, Bytes otherwise);
  std::vector<Bytes> sizes_or(const char* key, std::vector<Bytes> otherwise);
  std::chrono::nanoseconds duration_or(const char* key, std::chrono::nanoseconds otherwise);
  /// A list of words, each one of `allowed`.
  std::vector<std::string> words_or(const char* key, std::vector<std::string> otherwise,
                                    const std::vector<std::string>& allowed);
  /// A list of any texts; absent is empty.
  std::vector<std::string> texts(const char* key);
  /// A mapping of texts or numbers, as texts; absent is empty.
  std::map<std::string, std::string> table(const char* key);
  /// True when the key is there.
  bool has(const char* key);
  /// A nested mapping.
  YamlSection section(const char* key);
  /// Each mapping of a list.
  std::vector<YamlSection> sections(const char* key);
  /// Complains of keys that were not asked for.
  void done();
  /// Keeps "line N: <name>.<key> <what>".
  void complain(const char* key, const std::string& what);

 private:
  YAML::Node find(const char* key);
  std::optional<std::string> scalar(const char* key);

  YAML::Node node_;
  std::string name_;
  std::optional<Error>& problem_;
  std::set<std::string> known_;
};

/// Reads a whole YAML text: hands its top mapping to `read` and returns what that made, or the
/// first thing wrong (invalid_input, with its line). Never throws.
template <typename Read>
auto read_yaml(const std::string& text, Read read)
    -> Result<decltype(read(std::declval<YamlSection&>()))> {
  std::optional<Error> problem;
  try {
    YamlSection top(YAML::Load(text), "", problem);
    auto value = read(top);
    if (problem) return tl::unexpected(*problem);
    return value;
  } catch (const YAML::Exception& broken) {
    return fail(ErrorCode::invalid_input,
                "line " + std::to_string(broken.mark.line + 1) + ": " + broken.msg);
  }
}

}  // namespace plumbline
