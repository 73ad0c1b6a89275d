#include "probes/probe.hpp"

#include "probes/drivers/host/links.hpp"
#include "probes/drivers/ucx/ucx_path.hpp"
#include "probes/drivers/verbs/verbs_driver.hpp"
#include "probes/gpu/gpu_access.hpp"
#include "probes/gpu/gpu_pair.hpp"
#include "probes/gpu/gpu_probe.hpp"
#include "probes/inventory.hpp"
#include "probes/loopback_latency.hpp"
#include "probes/memory_copy.hpp"
#include "probes/pair/pair.hpp"

namespace plumbline::probes {

std::vector<std::unique_ptr<Probe>> all_probes() {
  const auto links_now = [] { return read_links(Deadline::after(std::chrono::seconds(2))); };
  std::vector<std::unique_ptr<Probe>> probes;
  probes.push_back(inventory_probe());
  probes.push_back(memory_copy_probe());
  probes.push_back(loopback_latency_probe());
  probes.push_back(pair_probe({ucx_paths(), verbs_driver()}, links_now));
  for (const char* const name : {"gpu_copy", "gpu_latency", "gpu_together"})
    probes.push_back(gpu_probe(name, open_gpus));
  probes.push_back(gpu_pair_probe(open_gpus));
  return probes;
}

}  // namespace plumbline::probes
