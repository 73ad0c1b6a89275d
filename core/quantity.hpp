#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace plumbline {

/// A Kubernetes quantity that is a whole number, in any of the forms that an API server writes:
/// "8", "1k" (which it makes of 1000), "2Ki", "3e2", "5000m". Nothing for parts of one, for what is
/// no quantity, and for more than 2^63-1.
std::optional<std::int64_t> whole_quantity(std::string_view text);

}  // namespace plumbline
