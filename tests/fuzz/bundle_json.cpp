#include <nlohmann/json.hpp>
#include <string_view>

#include "core/contract.hpp"
#include "core/json/codec.hpp"
#include "netcheck/claims/documents.hpp"
#include "netcheck/claims/gather.hpp"
#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline;
  const auto* const text = static_cast<const char*>(static_cast<const void*>(data));
  const auto documents = netcheck::claims::parse_documents(std::string_view(text, size),
                                                           netcheck::claims::Writing::unknown);
  if (!documents) {
    require(!documents.error().message.empty(), "a refused input has a reason");
    return 0;
  }
  netcheck::claims::Gatherer gatherer;
  for (const nlohmann::json& document : *documents) {
    if (!gatherer.add(document, "input")) return 0;
  }
  // Whatever was read can be written and read again.
  const auto view = gatherer.finish();
  require(json::decode_allocation_view(json::encode(view)).has_value(),
          "a view survives the codec");
  return 0;
}
