#pragma once

#include <string>
#include <vector>

#include "netcheck/rules/lookup.hpp"

namespace plumbline::netcheck {

/// How one published attribute stands against what is there.
enum class Agreement { equal, different, moved_on, unknown };

/// One published attribute beside the node's own value.
struct Compared {
  std::string key;      ///< "dra.net/mac"
  std::string claimed;  ///< as published
  std::string there;    ///< as the node shows it; why not, when unknown
  Agreement agreement = Agreement::equal;
};

/// Every attribute of a published device that a node can confirm (ifName, mac, mtu, ipv4, ipv6,
/// pciAddress, pciBusID, pcieRoot, numaNode, rdma, rdmaDevice, virtual, state), in the order of
/// keys. In a pod's namespace the name, MTU, addresses and state may be the pod's own and are left
/// out. `moved_on` is a `state` that differs: true when it was published, not any more.
std::vector<Compared> compare_attributes(const Published& published, const Place& place);

}  // namespace plumbline::netcheck
