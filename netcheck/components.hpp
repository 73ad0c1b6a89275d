#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/model/finding.hpp"
#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// What of a fabric can be at fault: a NIC end of a node, or a rack's uplink, on one rail.
enum class ComponentKind { nic, uplink };

/// One such part. A value; ordered so that results do not depend on anything else.
struct Component {
  ComponentKind kind = ComponentKind::nic;
  std::string owner;  ///< node of a NIC, rack of an uplink
  std::string rail;
  auto operator<=>(const Component&) const = default;
  /// "nic node-3/rail-a", "uplink rack-2/rail-a": the hop's name in plans and derivations.
  std::string name() const;
};

/// Which rack a node counts for, and why when it is not simply its label.
struct Racks {
  bool declared = false;                  ///< the stage file names a rack label
  std::map<std::string, std::string> of;  ///< node -> rack; absent: not known
  /// node -> "node-4 counts for rack-2, where it was measured; its label says rack-3"
  std::map<std::string, std::string> notes;
};

/// The racks as the labels have them.
Racks labelled_racks(const Facts& facts);

/// The parts of the path between two nodes on a rail, in order: NIC, the uplinks of both racks when
/// they differ, NIC. Nothing when racks are declared and one of the two is not known.
std::optional<std::vector<Component>> path_between(const Racks& racks, const std::string& rail,
                                                   const std::string& from, const std::string& to);

/// The parts a collective of these nodes uses on a rail: their NICs, and the uplinks of their racks
/// when there is more than one. Nothing when a rack is not known.
std::optional<std::vector<Component>> parts_of_group(const Racks& racks, const std::string& rail,
                                                     const std::vector<std::string>& nodes);

/// The part as a finding's subject: a NIC by node and device name, an uplink by rack and rail.
Subject subject_of(const Facts& facts, const Component& component);

}  // namespace plumbline::netcheck
