#pragma once

#include <set>
#include <string>
#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// Names of devices of one kind as a process in a pod meets them.
struct NamedSet {
  std::set<std::string> names;  ///< minor of a GPU, RDMA device, number of a channel, interface
  std::size_t count = 0;        ///< devices in all, those without a name here included
  bool whole = true;            ///< every device has its name in `names`
};

/// What kubelet and claims gave one of the stage's own pods, told by what it must find inside.
struct GivenInside {
  NamedSet gpus;                   ///< by minor
  NamedSet uuids;                  ///< the same GPUs, and MIG slices, by UUID
  NamedSet rdma;                   ///< RDMA devices that claims give
  NamedSet channels;               ///< IMEX channels
  NamedSet nics;                   ///< by the interface's name on its node
  std::set<std::string> may_rdma;  ///< RDMA devices of given NICs: the pod may open them
  bool any_rdma = false;           ///< a shared resource: which device it is nobody tells
  std::map<std::string, std::set<std::string>> plugin;  ///< ids by resource
  std::vector<std::string> words;                       ///< every device: "nvidia.com/gpu/GPU-1"
  std::vector<std::string> opaque;  ///< those of which nothing inside can be told
};

/// Reads it from the kubelet's word on the pod (`told.holdings`), by what `node` shows and slices
/// publish. Pure.
GivenInside given_inside(const Facts& facts, const NodeFacts& node, const NodeFacts& told);

}  // namespace plumbline::netcheck
