#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// One of the layers that bytes pass at an end of an RDMA path, with the payload rate that it can
/// carry one way.
struct Layer {
  std::string name;     ///< "PCIe", "port", "memory"
  BytesPerSecond rate;  ///< of payload
  std::string because;  ///< "bridge 0000:40:01.0, generation 4 x8, 256 B payload in ..."
};

/// The PCIe way from the RDMA device of an end to its root: the narrowest link, lanes x rate of a
/// lane (rates.table) x what packets of 256 bytes leave of it (PCI Express Base 6.0, sections 2.2
/// and 3.6: header 16, sequence 2, LCRC 4 and framing 4 bytes). Nothing for a software device, and
/// where a link's generation or width is not told. A virtual function has its physical one's link.
std::optional<Layer> pcie_layer(const Facts& facts, const Endpoint& end);

/// The port's own rate, as sysfs tells it, less what headers take at the path MTU of an outcome;
/// nothing where it tells none (software devices).
std::optional<Layer> port_layer(const Facts& facts, const Endpoint& end);

/// Memory of the device's NUMA node, as memory_copy measured it there; nothing when it was not.
std::optional<Layer> memory_layer(const Facts& facts, const Endpoint& end);

/// All layers of both ends that are known, slowest first, each named with its node: "port of
/// node-1/ens1".
std::vector<Layer> layers_between(const Facts& facts, const Endpoint& from, const Endpoint& to);

/// "port of node-1/ens1 12.1 GB/s (...), PCIe of node-2/ens1 25.2 GB/s (...)"; empty without any.
std::string words_of(const std::vector<Layer>& layers);

}  // namespace plumbline::netcheck
