#include "netcheck/claims/kubelet_state.hpp"
#include "core/contract.hpp"
#include "tests/fuzz/survives.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline;
  using namespace plumbline::netcheck::claims;
  const auto text = as_text(data, size);
  const auto cpus = parse_cpu_list(text);
  require(cpus || !cpus.error().message.empty(), "a refused list has a reason");
  for (const auto add :
       {add_cpu_state, add_memory_state, add_checkpoint, add_dra_state, add_kubelet_config}) {
    KubeletState state;
    const auto added = add(text, state);
    require(added || !added.error().message.empty(), "a refused file has a reason");
  }
  return 0;
}
