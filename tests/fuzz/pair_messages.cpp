#include "probes/pair/messages.hpp"
#include "tests/fuzz/survives.hpp"

/// What the other end of a pair says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline;
  const std::string bytes(as_text(data, size));
  const auto pack = [](const auto& value) { return probes::pack(value); };
  survives(bytes, probes::unpack_opening, pack);
  survives(bytes, probes::unpack_closing, pack);
  return 0;
}
