#include <string_view>

#include "core/contract.hpp"
#include "probes/drivers/host/pci_names.hpp"
#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline;
  const auto* const text = static_cast<const char*>(static_cast<const void*>(data));
  const auto names = probes::pci_names(std::string_view(text, size), {{"0x10de", "0x2330"}});
  for (const auto& [id, name] : names)
    require(!name.empty(), "a name that was found is one");
  return 0;
}
