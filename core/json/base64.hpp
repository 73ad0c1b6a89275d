#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace plumbline::json {

/// Bytes as base64 (RFC 4648, with padding).
std::string to_base64(std::string_view bytes);

/// The bytes of a base64 text; nothing when it is not one.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace plumbline::json
