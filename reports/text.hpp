#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace plumbline::reports {

/// One character of UTF-8 text and the bytes it stands in.
struct Character {
  char32_t code = 0;       ///< U+FFFD when the bytes are not UTF-8
  std::size_t length = 1;  ///< bytes taken, never 0
  bool valid = true;       ///< the bytes were well-formed UTF-8
};

/// The character at the start of `text`, which is not empty.
Character first_character(std::string_view text) noexcept;

/// Text that a terminal can be given: control characters, direction and zero-width marks, line
/// separators and bytes that are not UTF-8 become '?' each.
std::string visible(std::string_view text);

/// Terminal columns that visible() text takes: combining marks none, East Asian wide characters
/// two.
std::size_t columns(std::string_view text);

/// `text` with blanks behind it up to `width` columns.
std::string pad_right(std::string_view text, std::size_t width);

/// `text` with blanks before it up to `width` columns.
std::string pad_left(std::string_view text, std::size_t width);

/// `text` cut to `width` columns, its middle replaced by ".." when it is longer.
std::string shorten(std::string_view text, std::size_t width);

/// `text` in lines of at most `width` columns, broken at blanks and within words that are longer.
/// At least one line.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// "1 path", "2 paths".
std::string counted(std::size_t count, std::string_view noun);

}  // namespace plumbline::reports
