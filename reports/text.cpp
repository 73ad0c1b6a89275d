#include "reports/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace plumbline::reports {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

/// Characters that change how others are shown, or show nothing: never let through.
constexpr std::array<Range, 12> kHidden{{{0x0000, 0x001F},
                                         {0x007F, 0x009F},
                                         {0x00AD, 0x00AD},
                                         {0x061C, 0x061C},
                                         {0x180E, 0x180E},
                                         {0x200B, 0x200F},
                                         {0x2028, 0x202E},
                                         {0x2060, 0x206F},
                                         {0xFE00, 0xFE0F},
                                         {0xFEFF, 0xFEFF},
                                         {0xFFF9, 0xFFFB},
                                         {0xE0000, 0xE0FFF}}};

constexpr std::array<Range, 5> kCombining{
    {{0x0300, 0x036F}, {0x0483, 0x0489}, {0x1AB0, 0x1AFF}, {0x20D0, 0x20FF}, {0xFE20, 0xFE2F}}};

/// Unicode's East Asian Width W and F, in coarse blocks (EastAsianWidth.txt).
constexpr std::array<Range, 9> kWide{{{0x1100, 0x115F},
                                      {0x2E80, 0x303E},
                                      {0x3041, 0xA4CF},
                                      {0xAC00, 0xD7A3},
                                      {0xF900, 0xFAFF},
                                      {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},
                                      {0x1F300, 0x1FAFF},
                                      {0x20000, 0x3FFFD}}};

template <std::size_t size>
bool within(const std::array<Range, size>& ranges, char32_t code) {
  return std::any_of(ranges.begin(), ranges.end(), [code](const Range& range) {
    return code >= range.first && code <= range.last;
  });
}

std::size_t columns_of(char32_t code) {
  if (within(kCombining, code)) return 0;
  return within(kWide, code) ? 2 : 1;
}

/// The bytes a lead byte announces; 0 when it is none.
std::size_t announced(std::uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

constexpr Character kMalformed{0xFFFD, 1, false};

/// Overlong forms, surrogates and what is beyond Unicode.
bool forbidden(char32_t code, std::size_t length) {
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  return code < least.at(length) || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF);
}

/// The longest start of `text` that fits into `width` columns; at least one character.
std::size_t bytes_that_fit(std::string_view text, std::size_t width) {
  std::size_t bytes = 0;
  std::size_t used = 0;
  while (bytes < text.size()) {
    const Character next = first_character(text.substr(bytes));
    used += columns_of(next.code);
    if (used > width && bytes > 0) break;
    bytes += next.length;
  }
  return bytes;
}

/// The end of `text` that fits into `width` columns.
std::string_view tail_that_fits(std::string_view text, std::size_t width) {
  while (!text.empty() && columns(text) > width) {
    text.remove_prefix(first_character(text).length);
  }
  return text;
}

/// Takes the next line off `rest`.
std::string_view take_line(std::string_view& rest, std::size_t width) {
  const std::size_t fits = bytes_that_fit(rest, width);
  std::size_t end = fits;
  if (fits < rest.size() && rest[fits] != ' ') {
    const std::size_t blank = rest.substr(0, fits).rfind(' ');
    if (blank != std::string_view::npos && blank > 0) end = blank;
  }
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end);
  const std::size_t next = rest.find_first_not_of(' ');
  rest.remove_prefix(next == std::string_view::npos ? rest.size() : next);
  return line;
}

}  // namespace

Character first_character(std::string_view text) noexcept {
  const auto byte = [text](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
  const std::size_t length = announced(byte(0));
  if (length == 1) return {byte(0), 1, true};
  if (length == 0 || length > text.size()) return kMalformed;
  char32_t code = byte(0) & (0xFFU >> (length + 1));
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xC0U) != 0x80U) return kMalformed;
    code = (code << 6U) | (byte(at) & 0x3FU);
  }
  return forbidden(code, length) ? kMalformed : Character{code, length, true};
}

std::string visible(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    const Character next = first_character(text);
    if (!next.valid || within(kHidden, next.code)) {
      shown += '?';
    } else {
      shown += text.substr(0, next.length);
    }
    text.remove_prefix(next.length);
  }
  return shown;
}

std::size_t columns(std::string_view text) {
  std::size_t used = 0;
  while (!text.empty()) {
    const Character next = first_character(text);
    used += columns_of(next.code);
    text.remove_prefix(next.length);
  }
  return used;
}

std::string pad_right(std::string_view text, std::size_t width) {
  const std::size_t used = columns(text);
  return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

std::string pad_left(std::string_view text, std::size_t width) {
  const std::size_t used = columns(text);
  return std::string(used < width ? width - used : 0, ' ') + std::string(text);
}

std::string shorten(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text);
  if (width < 5) return std::string(text.substr(0, bytes_that_fit(text, width)));
  const std::size_t behind = (width - 2) / 2;
  const std::size_t before = width - 2 - behind;
  return std::string(text.substr(0, bytes_that_fit(text, before))) + ".." +
         std::string(tail_that_fits(text, behind));
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  do {
    lines.emplace_back(take_line(text, std::max<std::size_t>(width, 1)));
  } while (!text.empty());
  return lines;
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace plumbline::reports
