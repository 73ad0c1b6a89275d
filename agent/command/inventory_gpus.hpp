#pragma once

#include <string>
#include <vector>

#include "core/model/topology.hpp"

namespace plumbline::agent {

/// One line of a tree with what hangs below it.
struct Branch {
  std::string text;
  std::vector<Branch> below;
};

/// A GPU as the driver tells it, its NVLinks and its caveats.
Branch gpu_branch(const Gpu& gpu);

/// Every path of the GPUs with its expected rate; paths of one kind share a line, and the
/// derivation hangs below. Nothing when there are no GPUs.
std::vector<Branch> gpu_path_branches(const Topology& topology);

/// "16 GT/s x8 (can do 32 GT/s x16)"; empty when it is not known.
std::string link_text(const PcieLink& link);

}  // namespace plumbline::agent
