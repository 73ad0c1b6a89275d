#include "probes/drivers/verbs/control_word.hpp"
#include "probes/drivers/verbs/end_words.hpp"
#include "tests/fuzz/survives.hpp"

/// What the other end of a pair says of its queue pairs and memory, and between rounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline;
  const std::string bytes(as_text(data, size));
  survives(
      bytes, [](const std::string& text) { return probes::unpack_end(text); },
      [](const auto& value) { return probes::pack(value); });
  survives(
      bytes, [](const std::string& text) { return probes::unpack_control(text); },
      [](const auto& value) { return probes::pack(value); });
  return 0;
}
