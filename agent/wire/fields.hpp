#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace plumbline::agent {

/// Reads the fields of one message and remembers the first thing wrong. Only for the .cpp files of
/// this folder: it brings the JSON library along.
class Fields {
 public:
  /// Parses `text` as one object; what is nested deeper than 64 is dropped.
  explicit Fields(std::string_view text);

  /// A field that must be there.
  std::string text(const char* name);
  double number(const char* name);
  bool truth(const char* name);
  std::vector<std::string> texts(const char* name);
  /// A field that may be missing: empty then.
  std::string optional_text(const char* name);
  /// The field as JSON text of its own, for the model's codec; empty when it is missing.
  std::string nested(const char* name);
  /// The same, and missing is wrong.
  std::string needed(const char* name);

  bool good() const { return problem_.empty(); }
  /// What was wrong first.
  tl::unexpected<Error> error() const;

 private:
  const nlohmann::json* find(const char* name, bool needed);
  void wrong(const char* name, const char* wanted);
  nlohmann::json object_;
  std::string problem_;
};

/// One line; bytes that are no UTF-8 are replaced.
std::string dump(const nlohmann::json& value);
/// A text of our own codec as a value to nest.
nlohmann::json parsed(const std::string& text);

}  // namespace plumbline::agent
