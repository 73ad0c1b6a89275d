#include "core/json/codec.hpp"
#include "tests/fuzz/survives.hpp"

/// Every decoder of the model sees the same text: a probe's lines, a journal's, a report's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline;
  const std::string_view text = as_text(data, size);
  const auto encode = [](const auto& value) { return json::encode(value); };
  survives(text, json::decode_request, encode);
  survives(text, json::decode_event, encode);
  survives(text, json::decode_outcome, encode);
  survives(text, json::decode_topology, encode);
  survives(text, json::decode_holdings, encode);
  survives(text, json::decode_allocation_view, encode);
  survives(text, json::decode_report, encode);
  return 0;
}
