#include "agent/wire/messages.hpp"
#include "tests/fuzz/survives.hpp"

/// Every decoder of the agent's calls sees the same text: a coordinator's orders, an agent's
/// answers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline;
  const std::string_view text = as_text(data, size);
  const auto encode = [](const auto& value) { return agent::encode(value); };
  survives(text, agent::decode_reserve, encode);
  survives(text, agent::decode_grant, encode);
  survives(text, agent::decode_measure, encode);
  survives(text, agent::decode_exchange, encode);
  survives(text, agent::decode_item, encode);
  survives(text, agent::decode_facts, encode);
  survives(text, agent::decode_lease, agent::encode_lease);
  return 0;
}
