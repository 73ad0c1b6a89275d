#include "core/json/base64.hpp"

#include <cstdint>

namespace plumbline::json {
namespace {

constexpr std::string_view kLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::uint32_t three =
        byte_at(bytes, at) << 16U | byte_at(bytes, at + 1) << 8U | byte_at(bytes, at + 2);
    text.push_back(kLetters[three >> 18U & 63U]);
    text.push_back(kLetters[three >> 12U & 63U]);
    text.push_back(at + 1 < bytes.size() ? kLetters[three >> 6U & 63U] : '=');
    text.push_back(at + 2 < bytes.size() ? kLetters[three & 63U] : '=');
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=')
    ++padding;
  std::string bytes;
  std::uint32_t held = 0;
  unsigned held_bits = 0;
  for (const char letter : text.substr(0, text.size() - padding)) {
    const auto value = kLetters.find(letter);
    if (value == std::string_view::npos) return std::nullopt;
    held = held << 6U | static_cast<std::uint32_t>(value);
    held_bits += 6;
    if (held_bits < 8) continue;
    held_bits -= 8;
    bytes.push_back(static_cast<char>(held >> held_bits & 0xFFU));
  }
  return bytes;
}

}  // namespace plumbline::json
