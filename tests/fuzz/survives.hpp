#pragma once

#include <string>
#include <string_view>

#include "core/contract.hpp"
#include "tests/fuzz/target.hpp"

/// The input as text, borrowed.
inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {static_cast<const char*>(static_cast<const void*>(data)), size};
}

/// What is refused has a reason; what is read can be written, read again, and is the same then.
template <typename Text, typename Decode, typename Encode>
void survives(const Text& text, Decode decode, Encode encode) {
  const auto value = decode(text);
  if (!value) {
    plumbline::require(!value.error().message.empty(), "a refused input has a reason");
    return;
  }
  const std::string written = encode(*value);
  const auto again = decode(written);
  plumbline::require(again.has_value(), "what was written can be read");
  plumbline::require(encode(*again) == written, "what was read again is the same");
}
