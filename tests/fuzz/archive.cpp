#include "netcheck/claims/archive.hpp"
#include "core/contract.hpp"
#include "tests/fuzz/survives.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline;
  using namespace plumbline::netcheck::claims;
  const auto files = read_archive(as_text(data, size));
  if (!files) {
    require(!files.error().message.empty(), "a refused archive has a reason");
    return 0;
  }
  for (const auto& [name, text] : *files) {
    require(!name.empty() && name.front() != '/', "a name stays below the archive");
    require(name.find("..") == std::string::npos ||
                ("/" + name + "/").find("/../") == std::string::npos,
            "a name does not lead out");
  }
  return 0;
}
