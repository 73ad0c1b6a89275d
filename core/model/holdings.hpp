#pragma once

#include <string>
#include <vector>

namespace plumbline {

/// One device that the kubelet says a pod holds.
struct Holding {
  std::string pod_namespace;
  std::string pod_name;
  std::string container;
  std::string resource;  ///< device plugin resource; empty for DRA
  std::string device;    ///< device id, or DRA device name
  std::string driver;    ///< DRA driver; empty for a device plugin
  std::string pool;
  std::string claim;      ///< ResourceClaim name in the pod's namespace
  std::vector<int> numa;  ///< NUMA nodes that the plugin told; empty: none told
};

/// CPUs and memory that the kubelet gave one container for itself.
struct ContainerShare {
  std::string pod_namespace;
  std::string pod_name;
  std::string container;
  std::vector<int> cpus;         ///< exclusive ones; empty: from the shared pool
  std::vector<int> memory_numa;  ///< NUMA nodes of its memory; empty: not told
};

/// What the kubelet of one node answers. Empty means that nothing is allocated; a kubelet that
/// could not be asked has no NodeHoldings at all.
struct NodeHoldings {
  std::string node;
  std::string source;  ///< the socket
  std::vector<Holding> holdings;
  std::vector<ContainerShare> containers;  ///< that have CPUs or memory of their own
};

}  // namespace plumbline
