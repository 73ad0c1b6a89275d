#include <array>
#include <cctype>

#include "tests/tidy/rules.hpp"

namespace plumbline::tidy {
namespace {

bool in_word(const std::string& line, std::size_t i) {
  return i < line.size() &&
         (std::isalnum(static_cast<unsigned char>(line[i])) != 0 || line[i] == '_');
}

bool has_word(const std::string& line, const std::string& word) {
  for (auto at = line.find(word); at != std::string::npos; at = line.find(word, at + 1)) {
    const bool starts = at == 0 || !in_word(line, at - 1);
    if (starts && !in_word(line, at + word.size())) return true;
  }
  return false;
}

/// Spelled in halves, so that this file does not breach its own rule.
const std::array<std::string, 3>& markers() {
  static const std::array<std::string, 3> words = {
      "TO"
      "DO",
      "FIX"
      "ME",
      "X"
      "XX"};
  return words;
}

std::string line_breach(const std::string& line) {
  if (line.find('\t') != std::string::npos) return "a tab: indent with blanks";
  if (line.ends_with('\r')) return "a carriage return at the end of the line";
  if (line.ends_with(' ')) return "blanks at the end of the line";
  for (const auto& marker : markers()) {
    if (has_word(line, marker)) return marker + ": do it now, or write an issue";
  }
  return "";
}

}  // namespace

Problems check_text(const SourceFile& file) {
  Problems problems;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    auto message = line_breach(file.lines[i]);
    if (message.empty()) continue;
    problems.push_back({file.path, static_cast<int>(i) + 1, std::move(message)});
  }
  return problems;
}

Problems check_header_guard(const SourceFile& file) {
  if (!is_header(file)) return {};
  if (!file.directives.empty() && file.directives.front().text == "#pragma once") return {};
  return {{file.path, 1, "a header starts with #pragma once"}};
}

}  // namespace plumbline::tidy
