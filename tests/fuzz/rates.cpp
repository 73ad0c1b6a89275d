#include <string_view>

#include "core/contract.hpp"
#include "netcheck/expectations/rate_table.hpp"
#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline;
  const auto* const text = static_cast<const char*>(static_cast<const void*>(data));
  const auto table = netcheck::RateTable::parse(std::string_view(text, size));
  if (!table) {
    require(!table.error().message.empty(), "a refused table has a reason");
    return 0;
  }
  for (const netcheck::RateRow& row : table->rows()) {
    require(row.value > 0 && !row.source.empty(), "a row that was read is whole");
  }
  return 0;
}
