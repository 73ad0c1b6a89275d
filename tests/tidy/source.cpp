#include "tests/tidy/source.hpp"

#include <array>
#include <cctype>

namespace plumbline::tidy {
namespace {

bool word_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

/// Length of the sign that starts here; `>>` is two signs, since it mostly closes templates.
std::size_t sign_length(std::string_view rest) {
  static constexpr std::array<std::string_view, 9> long_signs = {
      "::", "->", "==", "!=", "<=", ">=", "&&", "||", "\"\""};
  for (const auto sign : long_signs) {
    if (rest.starts_with(sign)) return sign.size();
  }
  return rest.starts_with("' '") ? 3 : 1;
}

void add_tokens(std::string_view line, int number, std::vector<Token>& tokens) {
  while (!line.empty()) {
    std::size_t length = 0;
    if (std::isspace(static_cast<unsigned char>(line.front())) != 0) {
      line.remove_prefix(1);
      continue;
    }
    while (length < line.size() && word_character(line[length]))
      ++length;
    if (length == 0) length = sign_length(line);
    tokens.push_back({std::string(line.substr(0, length)), number});
    line.remove_prefix(length);
  }
}

/// Takes the code apart into directives (as written) and tokens.
void cut(SourceFile& file, const std::vector<std::string>& code) {
  for (std::size_t i = 0; i < code.size(); ++i) {
    const auto first = code[i].find_first_not_of(" \t");
    const int number = static_cast<int>(i) + 1;
    if (first == std::string::npos) continue;
    if (code[i][first] != '#') {
      add_tokens(code[i], number, file.tokens);
      continue;
    }
    Directive directive{file.lines[i].substr(file.lines[i].find('#')), number};
    while (code[i].ends_with('\\') && i + 1 < code.size())
      directive.text += file.lines[++i];
    file.directives.push_back(std::move(directive));
  }
}

}  // namespace

SourceFile read_source(std::string path, std::string_view text) {
  SourceFile file{std::move(path), split_lines(text), {}, {}};
  if (is_cpp(file)) cut(file, split_lines(blank_comments_and_literals(text)));
  return file;
}

bool is_header(const SourceFile& file) {
  return file.path.ends_with(".hpp") || file.path.ends_with(".h");
}

bool is_cpp(const SourceFile& file) {
  return is_header(file) || file.path.ends_with(".cpp") || file.path.ends_with(".cu");
}

bool is_word(const Token& token) { return word_character(token.text.front()); }

bool is_main_file(const SourceFile& file) {
  for (std::size_t i = 0; i + 2 < file.tokens.size(); ++i) {
    if (file.tokens[i].text == "int" && file.tokens[i + 1].text == "main" &&
        file.tokens[i + 2].text == "(") {
      return true;
    }
  }
  return false;
}

std::string listed(const Problems& problems) {
  std::string text;
  for (const auto& problem : problems) {
    text += problem.path;
    if (problem.line > 0) text += ":" + std::to_string(problem.line);
    text += ": " + problem.message + "\n";
  }
  return text;
}

}  // namespace plumbline::tidy
