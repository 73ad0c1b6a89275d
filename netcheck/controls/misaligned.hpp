#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netcheck/facts.hpp"
#include "netcheck/plan.hpp"

namespace plumbline::netcheck {

/// The outcomes' name of what misaligned pods measured between each other.
constexpr const char* kMisalignedGoodput = "misaligned_goodput";

/// Where the known topology says that a wrong placement must measure worse.
struct Misalignment {
  std::string rail;
  BytesPerSecond aligned;  ///< what two nodes of one rack should get
  BytesPerSecond across;   ///< what nodes of different racks should get
};

/// The rail on which pods in different racks lose most, by what is declared and known; nothing, and
/// `why`, when none must lose a tenth, or two nodes of a rack and a third elsewhere are not there.
/// Pure.
std::optional<Misalignment> find_misalignment(const Facts& facts, const Plan& plan,
                                              std::string& why);

/// Nodes in different racks that measured well on the rail and whose labels do not lie, so that no
/// fault is taken for what the racks do; empty when fewer than two racks have one. Pure.
std::vector<std::string> sound_nodes(const Facts& facts, const Misalignment& misalignment);

/// The misaligned control: the number of two pods that were forced into different racks must lie
/// below every number of placed pods within one rack on that rail, intervals apart; racks as they
/// were measured where a label lies. Pure.
Control judge_misaligned(const Facts& facts, const Misalignment& misalignment);

/// The control that was not made, for this reason. Pure.
Control misaligned_not_applicable(const std::string& why);

}  // namespace plumbline::netcheck
