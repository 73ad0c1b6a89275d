#include <nlohmann/json.hpp>
#include <string_view>

#include "core/contract.hpp"
#include "netcheck/claims/allow_list.hpp"
#include "netcheck/claims/documents.hpp"
#include "netcheck/claims/gather.hpp"
#include "netcheck/claims/pseudonyms.hpp"
#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline::netcheck::claims;
  const auto* const text = static_cast<const char*>(static_cast<const void*>(data));
  const auto documents = parse_json(std::string_view(text, size));
  if (!documents) return 0;
  Pseudonyms names;
  for (const nlohmann::json& document : *documents) {
    nlohmann::json kept = allowed(document);
    plumbline::require(allowed(kept) == kept, "what is allowed stays allowed");
    names.learn(kept);
    names.replace(kept);
    Gatherer gatherer;
    if (gatherer.add(kept, "input")) gatherer.finish();
  }
  return 0;
}
