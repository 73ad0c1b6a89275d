#include "reports/sheet.hpp"

#include <algorithm>
#include <utility>

#include "reports/text.hpp"

namespace plumbline::reports {
namespace {

constexpr std::size_t kLabelWidth = 10;
constexpr std::size_t kLeastWidth = 40;

std::string_view escape_of(Ink ink) {
  switch (ink) {
    case Ink::good:
      return "\x1b[1;32m";
    case Ink::bad:
      return "\x1b[1;31m";
    case Ink::doubtful:
      return "\x1b[1;33m";
    case Ink::strong:
      return "\x1b[1m";
    case Ink::faint:
      return "\x1b[2m";
    case Ink::plain:
      break;
  }
  return {};
}

}  // namespace

Sheet::Sheet(const TableStyle& style)
    : colour_(style.colour),
      width_(std::max(kLeastWidth, static_cast<std::size_t>(std::max(style.width, 0)))) {}

void Sheet::ink(std::string_view text, Ink ink) {
  const std::string_view escape = colour_ ? escape_of(ink) : std::string_view();
  text_ += escape;
  text_ += text;
  if (!escape.empty()) text_ += "\x1b[0m";
}

void Sheet::end_line() {
  while (!text_.empty() && text_.back() == ' ')
    text_.pop_back();
  text_ += '\n';
}

void Sheet::line(std::string_view text, Ink ink_of_line) {
  ink(shorten(visible(text), width_), ink_of_line);
  end_line();
}

void Sheet::paragraph(std::size_t indent, std::string_view text, Ink ink_of_text) {
  for (const std::string& part : wrap(visible(text), width_ - indent)) {
    text_.append(indent, ' ');
    ink(part, ink_of_text);
    end_line();
  }
}

void Sheet::field(std::size_t indent, std::string_view label, std::string_view text) {
  const std::size_t behind = indent + kLabelWidth;
  bool first = true;
  for (const std::string& part : wrap(visible(text), width_ - behind)) {
    text_.append(indent, ' ');
    ink(pad_right(first ? label : std::string_view(), kLabelWidth), Ink::faint);
    ink(part, Ink::plain);
    end_line();
    first = false;
  }
}

void Sheet::heading(std::string_view text) {
  text_ += '\n';
  line(text, Ink::strong);
}

std::string Sheet::take() { return std::exchange(text_, {}); }

}  // namespace plumbline::reports
