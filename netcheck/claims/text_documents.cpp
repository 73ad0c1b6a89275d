#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "netcheck/claims/documents.hpp"

namespace plumbline::netcheck::claims {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

void append_utf8(std::string& out, std::uint32_t point) {
  const auto byte = [&out](std::uint32_t value) { out += static_cast<char>(value); };
  if (point < 0x80) return byte(point);
  if (point < 0x800) {
    byte(0xC0U | point >> 6U);
  } else if (point < 0x10000) {
    byte(0xE0U | point >> 12U);
    byte(0x80U | (point >> 6U & 0x3FU));
  } else {
    byte(0xF0U | point >> 18U);
    byte(0x80U | (point >> 12U & 0x3FU));
    byte(0x80U | (point >> 6U & 0x3FU));
  }
  byte(0x80U | (point & 0x3FU));
}

/// UTF-16 after its byte order mark as UTF-8; nothing for a surrogate without its other half.
std::optional<std::string> from_utf16(std::string_view bytes, bool little) {
  std::string out;
  const auto unit = [&](std::size_t at) {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const auto second = static_cast<unsigned char>(bytes[at + 1]);
    return static_cast<std::uint32_t>(little ? first | second << 8 : first << 8 | second);
  };
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) {
    std::uint32_t point = unit(at);
    if (point >= 0xD800 && point < 0xE000) {
      const bool pair = point < 0xDC00 && at + 3 < bytes.size();
      const std::uint32_t low = pair ? unit(at + 2) : 0;
      if (low < 0xDC00 || low >= 0xE000) return std::nullopt;
      point = 0x10000U + ((point - 0xD800U) << 10U) + (low - 0xDC00U);
      at += 2;
    }
    append_utf8(out, point);
  }
  return bytes.size() % 2 == 0 ? std::optional(std::move(out)) : std::nullopt;
}

Result<std::vector<nlohmann::json>> parse_utf8(std::string_view text, Writing writing) {
  const auto first = text.find_first_not_of(kBlanks);
  const char opens = first == std::string_view::npos ? '\0' : text[first];
  // A YAML list in brackets is YAML all the same, so JSON is tried first and not alone.
  if (writing != Writing::json && opens != '{' && opens != '[') return parse_yaml(text);
  auto documents = parse_json(text);
  if (documents || writing == Writing::json) return documents;
  auto as_yaml = parse_yaml(text);
  return as_yaml || writing == Writing::yaml ? std::move(as_yaml) : std::move(documents);
}

}  // namespace

Result<std::vector<nlohmann::json>> parse_documents(std::string_view text, Writing writing) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const bool little = text.starts_with("\xFF\xFE");
  if (!little && !text.starts_with("\xFE\xFF")) return parse_utf8(text, writing);
  const auto decoded = from_utf16(text.substr(2), little);
  if (!decoded) return fail(ErrorCode::invalid_input, "is broken UTF-16");
  return parse_utf8(*decoded, writing);
}

}  // namespace plumbline::netcheck::claims
