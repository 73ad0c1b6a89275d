#include "probes/drivers/verbs/control_word.hpp"

#include <cstring>

namespace plumbline::probes {

std::string pack(const ControlWord& word) {
  const auto kind = static_cast<std::uint32_t>(word.kind);
  std::string bytes(kControlBytes, '\0');
  std::memcpy(bytes.data(), &kind, sizeof kind);
  std::memcpy(bytes.data() + sizeof kind, &word.value, sizeof word.value);
  return bytes;
}

Result<ControlWord> unpack_control(std::string_view bytes) {
  if (bytes.size() != kControlBytes) {
    return fail(ErrorCode::invalid_input, "a control word has a wrong length");
  }
  std::uint32_t kind = 0;
  ControlWord word;
  std::memcpy(&kind, bytes.data(), sizeof kind);
  std::memcpy(&word.value, bytes.data() + sizeof kind, sizeof word.value);
  if (kind < static_cast<std::uint32_t>(ControlWord::Kind::ready) ||
      kind > static_cast<std::uint32_t>(ControlWord::Kind::number)) {
    return fail(ErrorCode::invalid_input, "a control word is of an unknown kind");
  }
  word.kind = static_cast<ControlWord::Kind>(kind);
  return word;
}

}  // namespace plumbline::probes
