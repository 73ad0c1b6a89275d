#include "reports/xml.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "reports/text.hpp"

namespace plumbline::reports {
namespace {

/// Char of XML 1.0 section 2.2, less the C1 controls that it only discourages.
bool allowed(char32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  if (code >= 0x7F && code <= 0x9F) return false;
  return code != 0xFFFE && code != 0xFFFF;
}

std::string_view entity(char32_t code) {
  switch (code) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&apos;";
    case '\n':
      return "&#10;";
    case '\r':
      return "&#13;";
    case '\t':
      return "&#9;";
    default:
      return {};
  }
}

}  // namespace

std::string xml_escape(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const Character next = first_character(text);
    const std::string_view special = entity(next.code);
    if (!next.valid) {
      escaped += "\xEF\xBF\xBD";
    } else if (!special.empty()) {
      escaped += special;
    } else if (allowed(next.code)) {
      escaped += text.substr(0, next.length);
    }
    text.remove_prefix(next.length);
  }
  return escaped;
}

std::string xml_attribute(std::string_view name, std::string_view value) {
  return ' ' + std::string(name) + "=\"" + xml_escape(value) + '"';
}

std::string xml_seconds(double seconds) {
  if (!std::isfinite(seconds) || std::abs(seconds) > 1e12) return "0.000";
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), seconds,
                                 std::chars_format::fixed, 3);
  return {buffer.data(), end.ptr};
}

}  // namespace plumbline::reports
