#include "netcheck/claims/workloads/pod_facts.hpp"

#include <nlohmann/json.hpp>

#include "core/contract.hpp"
#include "netcheck/claims/documents.hpp"
#include "netcheck/claims/workloads/lease.hpp"
#include "tests/fuzz/survives.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline;
  using namespace plumbline::netcheck::claims;
  const auto documents = parse_json(as_text(data, size));
  if (!documents) return 0;
  for (const nlohmann::json& document : *documents) {
    std::string problem;
    const auto facts = read_pod_facts(document, problem);
    require(facts.placed.binding.value == facts.claim.node, "a binding is the pod's own node");
    if (document.is_object()) lease_expired(document, "2026-11-23T06:24:35.123Z");
  }
  return 0;
}
