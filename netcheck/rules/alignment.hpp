#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "netcheck/rules/satisfiable.hpp"

namespace plumbline::netcheck {

/// One kind of nearness that claims can ask for: the PCIe root, the NUMA node.
struct Nearness {
  std::string rule;
  std::string word;  ///< "PCIe root"
  /// True for an attribute by whose name a constraint asks for it.
  bool (*is_attribute)(const std::string& attribute) = nullptr;
  /// Where a published device is; nothing when it does not say.
  std::optional<std::string> (*place_of)(const Offered& offered) = nullptr;
  /// Where the node itself says that a PCI function is; nothing when unknown.
  std::optional<std::string> (*real_place)(const PciDevice& device) = nullptr;
  /// True when devices of one kind alone are worth a word to a claim that asked for nothing.
  bool one_kind_matters = false;
};

/// Judges each claim's constraints of one kind, allocated or not; claims of several devices that
/// did not ask for it; and templates of which no claim was read. Pure; linear in claims.
std::vector<Finding> judge_nearness(const Facts& facts, const Nearness& nearness);

}  // namespace plumbline::netcheck
