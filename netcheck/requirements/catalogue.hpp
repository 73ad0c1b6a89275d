#pragma once

#include <array>
#include <span>
#include <string_view>

namespace plumbline::netcheck {

/// What must be in a cluster for a requirement to say anything of it.
enum class Applies { network_devices, gangs, accelerators, slices };

/// What pods of the stage's own must have found inside.
enum class SeenInside {
  nothing,
  isolation,        ///< their own accelerators alone; a pod without a device none
  interfaces,       ///< the given interfaces, beside the pod's first, and no other
  characteristics,  ///< given network devices as slices publish them, and all that KAR-0010 names
  claimed,          ///< what claims gave them
  driver            ///< the driver version that the cluster publishes
};

/// One requirement of the AI conformance programme, as data: what it is, and which evidence here
/// speaks of it.
struct Requirement {
  const char* id;       ///< as the checklist has it, or "KAR-5"; "/OUTCOME" behind one of several
  const char* level;    ///< MUST | SHOULD | proposed
  const char* version;  ///< where it stands: "v1.36, KAR-0010"
  Applies applies;
  std::array<std::string_view, 6> rules;  ///< findings of these contradict it; empty ends the list
  std::array<std::string_view, 3>
      probes;         ///< outcomes whose names begin so are evidence; empty ends it
  const char* takes;  ///< the evidence that it takes of a pod that the scheduler placed
  /// Controls of the stage that must have behaved, and ...
  std::array<std::string_view, 3> controls{};
  /// ... what its pods must have measured, all of it with counters that moved, and ...
  std::string_view placed{};
  /// ... found inside; ...
  SeenInside inside = SeenInside::nothing;
  /// ... its gang must stand in the one domain that it required; and ...
  bool in_domain = false;
  /// ... its pods must have measured collectives between each other. Where all five are empty no
  /// stage makes the whole evidence yet, so that the requirement cannot pass, but where it is made
  /// of outcomes: then it passes when these do.
  bool collectives = false;
};

/// All of them, in the order of the checklist.
std::span<const Requirement> requirement_catalogue();

}  // namespace plumbline::netcheck
