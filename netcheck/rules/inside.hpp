#pragma once

#include <string>
#include <vector>

#include "netcheck/facts.hpp"
#include "netcheck/rules/inside_given.hpp"

namespace plumbline::netcheck {

/// The workload whose pod asks for no device at all, and that of pods with one device each.
constexpr const char* kBareWorkload = "bare";
constexpr const char* kSingleWorkload = "single";

/// Something that a pod of the stage's own must see and does not, or sees and must not.
struct InsideFault {
  std::string kind;     ///< gpu | rdma | imex_channel | nic | environment
  std::string lacks;    ///< what it was given and does not find; empty: nothing
  std::string has;      ///< what it finds and was not given; empty: nothing
  std::string problem;  ///< more of it: "opening it fails: Operation not permitted"
};

/// What one of the stage's own pods sees inside against what it was given.
struct InsideJudgement {
  const PlacedPod* pod = nullptr;
  const NodeFacts* node = nullptr;  ///< what the agent of its node told; null: no such node
  const NodeFacts* told = nullptr;  ///< what the agent inside told; null: there was none to ask
  GivenInside given;
  std::vector<InsideFault> faults;
  std::string unknown;           ///< why nothing could be judged; empty: it was
  bool asked = false;            ///< its workload may hold devices; a bare one asks for none
  bool stand_ins = false;        ///< nodes that it sees were put there by hand
  bool shares_network = false;   ///< it is in the network namespace of its node
  std::size_t accelerators = 0;  ///< device nodes of GPUs, RDMA and IMEX that it can open
  std::size_t interfaces = 0;    ///< network interfaces that it sees

  /// True when it sees what it was given and nothing else.
  bool exact() const { return unknown.empty() && faults.empty(); }
};

/// One for each pod of the stage's own that runs and whose workload measures or looks (gang,
/// misaligned, single, bare) and was looked into or should have been. Borrows the facts. Pure.
std::vector<InsideJudgement> judge_inside(const Facts& facts);

}  // namespace plumbline::netcheck
