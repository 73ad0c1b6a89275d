#include <span>

#include "core/contract.hpp"
#include "probes/drivers/host/cloud_place.hpp"
#include "probes/drivers/host/lldp.hpp"
#include "tests/fuzz/survives.hpp"

/// What whoever is on the cable sends, what networkd kept of it, and what a cloud left in a file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace plumbline;
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto one = probes::parse_lldp(bytes);
  if (one) require(one->system_name.size() <= 255, "a name is bounded");
  const auto all = probes::parse_lldp_file(bytes);
  if (all) require(all->size() <= 256, "a list is bounded");
  const auto place = probes::parse_instance_data(as_text(data, size));
  if (place) require(!place->facts.empty(), "a place that was read has facts");
  return 0;
}
