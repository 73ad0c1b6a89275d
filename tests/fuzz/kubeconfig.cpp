#include <string_view>

#include "core/contract.hpp"
#include "netcheck/claims/api_access.hpp"
#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline;
  const auto* const text = static_cast<const char*>(static_cast<const void*>(data));
  const std::string_view input(text, size);
  const auto access = netcheck::claims::parse_kubeconfig(input, "/folder", "");
  if (access) {
    require(access->server.starts_with("http"), "an accepted kubeconfig has a server");
  } else {
    require(!access.error().message.empty(), "a refused kubeconfig has a reason");
  }
  const auto credential = netcheck::claims::parse_exec_credential(input);
  require(credential || !credential.error().message.empty(), "a refused credential has a reason");
  return 0;
}
