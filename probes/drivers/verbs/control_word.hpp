#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace plumbline::probes {

/// What the ends of a batch say to each other between rounds.
struct ControlWord {
  enum class Kind : std::uint32_t { ready = 1, done = 2, stop = 3, corrupt = 4, number = 5 };
  Kind kind = Kind::ready;
  std::uint64_t value = 0;  ///< done: messages so far; corrupt: position in the stream
};

/// Bytes of a word on the wire.
inline constexpr std::size_t kControlBytes = sizeof(std::uint32_t) + sizeof(std::uint64_t);

/// As bytes and back, in this machine's order as the numbers of a latency are. Another length, or a
/// kind that no end says, is an error.
std::string pack(const ControlWord& word);
Result<ControlWord> unpack_control(std::string_view bytes);

}  // namespace plumbline::probes
