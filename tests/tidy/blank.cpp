#include <cctype>
#include <string>
#include <string_view>

#include "tests/tidy/source.hpp"

namespace plumbline::tidy {
namespace {

/// Walks over C++ text once and writes the same text with comments and literals taken out.
class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_(text) {}

  std::string run() {
    while (at_ < text_.size())
      step();
    return std::move(code_);
  }

 private:
  void step() {
    if (starts("//")) {
      skip_line_comment();
    } else if (starts("/*")) {
      skip_to("*/", 2);
    } else if (starts("R\"") && !after_word()) {
      skip_raw_string();
    } else if (text_[at_] == '"') {
      skip_quoted('"');
    } else if (text_[at_] == '\'' && !after_word()) {
      skip_quoted('\'');
    } else {
      code_ += text_[at_++];
    }
  }

  bool starts(std::string_view word) const { return text_.substr(at_).starts_with(word); }

  /// A quote right behind a letter or digit separates digits, or belongs to a prefix such as u8.
  bool after_word() const {
    if (at_ == 0) return false;
    const auto before = static_cast<unsigned char>(text_[at_ - 1]);
    return std::isalnum(before) != 0 || before == '_';
  }

  void skip_line_comment() {
    while (at_ < text_.size() && text_[at_] != '\n')
      ++at_;
  }

  /// Skips to behind `end`, keeping line breaks.
  void skip_to(std::string_view end, std::size_t from) {
    const auto found = text_.find(end, at_ + from);
    const auto stop = found == std::string_view::npos ? text_.size() : found + end.size();
    for (; at_ < stop; ++at_) {
      if (text_[at_] == '\n') code_ += '\n';
    }
    code_ += ' ';
  }

  void skip_raw_string() {
    const auto open = text_.find('(', at_);
    const auto name = text_.substr(at_ + 2, open == std::string_view::npos ? 0 : open - at_ - 2);
    code_ += "\"\"";
    skip_to(")" + std::string(name) + "\"", 2);
  }

  void skip_quoted(char quote) {
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
      at_ += text_[at_] == '\\' ? 2 : 1;
    }
    if (at_ < text_.size() && text_[at_] == quote) ++at_;
    code_ += quote == '"' ? "\"\"" : "' '";
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string code_;
};

}  // namespace

std::string blank_comments_and_literals(std::string_view text) { return Blanker(text).run(); }

}  // namespace plumbline::tidy
