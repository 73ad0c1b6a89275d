#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "netcheck/facts.hpp"
#include "netcheck/groups/group_scene.hpp"

namespace plumbline::netcheck {

/// One more collective to be measured: over nodes that no group of the stage file has, or once
/// more.
struct GroupTest {
  std::string operation;
  std::string rail;
  std::vector<std::string> nodes;  ///< in rank order, two at least
  std::string group;               ///< the name that its outcome bears
  Scope scope = Scope::nodes;      ///< who has to measure it
};

/// The next test that tells most about a collective that is slow while no pair explains it, and
/// between placed pods while no collective of the nodes' own does; nothing when every slow one is
/// explained, or nothing more can be told. Adaptive group testing (Du and
/// Hwang): what nothing clears is halved, the half is padded with known-good nodes, and once one
/// part is named the set without it is tested too, so that a second fault does not hide behind the
/// first. A test is asked only where its own expectation would show the fault, and never twice.
/// At most 3 log2(parts) + 6 tests a rail. Pure.
std::optional<GroupTest> next_group_test(const Facts& facts);

/// Collectives of nodes on a rail whose number leaves open whether it is good enough: noise that
/// more time can decide. In the outcomes' order. Pure.
std::vector<GroupTest> undecided_groups(const Facts& facts);

/// How many group tests of a scope were done on each rail; rails without one are absent.
std::map<std::string, std::size_t> group_tests(const std::vector<Outcome>& outcomes, Scope scope);

}  // namespace plumbline::netcheck
