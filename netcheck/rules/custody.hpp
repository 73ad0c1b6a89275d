#pragma once

#include <string>
#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// A pod that holds a device.
struct Holder {
  std::string name_space;
  std::string pod;
  std::string claim;   ///< "claim ns/name" or "resource NAME"; may be empty
  std::string source;  ///< who says so: the kubelet's socket, the claims, a network namespace
};

/// Who has one network device of one node.
struct Custody {
  std::vector<Holder> holders;  ///< pods of every namespace, the strongest sign first
  std::string unknown;          ///< why it cannot be known; empty when it is
};

/// Asks the kubelet's answer, the claims and the pods' network namespaces about a device by its
/// name on the node. A device that is not on the node is unknown. Claims with admin access never
/// own. Pure.
Custody custody(const Facts& facts, const std::string& node, const std::string& device);

/// The first holder that is not of the stage's own namespace; null when there is none.
const Holder* tenant_of(const Custody& custody, const std::string& own_namespace);

/// "pod tenant/trainer-0 (claim tenant/trainer-0-nic)".
std::string text_of(const Holder& holder);

}  // namespace plumbline::netcheck
