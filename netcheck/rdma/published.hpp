#pragma once

#include <vector>

#include "netcheck/rules/lookup.hpp"

namespace plumbline::netcheck {

/// True when a slice says that the device can do RDMA: attribute rdma, rdmaCapable or rdmaDevice.
bool is_published_rdma(const Published& published);

/// The RDMA device that a published one is: by the attribute rdmaDevice, by the PCI address, or
/// over the network device where that is now. Null when the node has none. Borrows the facts.
const RdmaDevice* rdma_of(const Facts& facts, const NodeFacts& node, const Published& published);

}  // namespace plumbline::netcheck
