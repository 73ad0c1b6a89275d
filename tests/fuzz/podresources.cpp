#include <string_view>

#include "core/contract.hpp"
#include "core/json/codec.hpp"
#include "netcheck/claims/holdings.hpp"
#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline;
  const auto* const text = static_cast<const char*>(static_cast<const void*>(data));
  const auto holdings =
      netcheck::claims::parse_holdings(std::string_view(text, size), "node", "input");
  if (!holdings) {
    require(!holdings.error().message.empty(), "a refused input has a reason");
    return 0;
  }
  require(json::decode_holdings(json::encode(*holdings)).has_value(), "holdings survive the codec");
  return 0;
}
