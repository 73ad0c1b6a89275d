#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/model/report.hpp"

/// Reports as a stage would make them, for tests of their written forms.
namespace plumbline::samples {

/// Six nodes in three racks, two rails, everything measured and as expected: pass.
Report healthy();
/// node-3's NIC on rail-a reaches 30 % of what it should: fail.
Report slow_nic();
/// An uplink and a NIC that cannot be told apart, and a label that lies: fail.
Report ambiguous();
/// node-5's agent does not answer: inconclusive, its paths skipped.
Report dead_agent();
/// Names as an attacker would choose them, in every place a name can stand.
Report hostile();
/// Passed, but on fake drivers.
Report from_fakes();
/// Eight described GPUs of one node: a pair is slow, one corrupts, one is held.
Report eight_gpus();
/// Ended by a deadline, half of it measured.
Report interrupted();
/// A report with nothing in it.
Report empty();
/// `nodes` nodes on `rails` rails, one way only, rack-7's uplink on the last rail
/// slow.
Report large(std::size_t nodes, std::size_t rails);

/// A report and the name of its file.
struct Sample {
  std::string name;
  Report report;
};
/// All of them; the large one with 64 nodes and one rail.
std::vector<Sample> all();

/// Texts that hostile() uses as names.
std::vector<std::string> hostile_names();

}  // namespace plumbline::samples
