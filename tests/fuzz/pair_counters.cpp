#include "probes/gpu/pair_counters.hpp"
#include "tests/fuzz/survives.hpp"

/// What the other end of a pair of GPUs says of its counters.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline::probes;
  const auto unpack = [](const std::string& text) { return decode_tallies(text, "GPU-1"); };
  const auto pack = [](const GpuTallies& tallies) { return encode_tallies(tallies, "GPU-1"); };
  survives(std::string(as_text(data, size)), unpack, pack);
  return 0;
}
