#pragma once

#include <optional>
#include <string>
#include <vector>

#include "netcheck/rules/lookup.hpp"

namespace plumbline::netcheck {

/// A finding with what every one has.
Finding gpu_finding(const char* rule, const char* tier, Verdict verdict, Subject subject);

/// The subject of a GPU: kind gpu, name "node/UUID".
Subject gpu_subject(const std::string& node, const std::string& uuid);

/// Devices that slices of NVIDIA's GPU driver publish for a node, whole GPUs and MIG slices.
std::vector<Published> published_gpus(const Facts& facts, const std::string& node);

/// A pod with the GPUs that the kubelet says it holds, as UUIDs ("GPU-...", "MIG-...").
struct GpuHolder {
  std::string pod;  ///< "namespace/name"
  std::string name_space;
  std::vector<std::string> uuids;       ///< each once
  std::vector<std::string> shared;      ///< those of them that are one replica of several
  std::vector<std::string> unresolved;  ///< device names whose UUID no slice tells
};

/// Who holds GPUs on a node, by the kubelet's answer; nothing when it did not answer.
std::optional<std::vector<GpuHolder>> gpu_holders(const Facts& facts, const NodeFacts& node);

/// True when the node shows GPUs of NVIDIA: by the driver, or on the PCI bus.
bool shows_gpus(const NodeFacts& node);

/// GPUs of NVIDIA on the PCI bus of a node.
std::vector<const PciDevice*> pci_gpus(const Topology& topology);

/// The whole GPU of a UUID, or that whose slice it is; null when the driver tells of none.
const Gpu* gpu_of(const Topology& topology, const std::string& uuid);

/// The driver's words for what is wrong with a GPU's memory or fabric; empty when it is well.
std::vector<std::string> ailments(const Gpu& gpu);

/// Quotes a resource of a node's status.allocatable.
ClaimRef quote_allocatable(const NodeClaim& claim, const std::string& resource);

/// Why NVML's facts of this node are absent.
std::string why_no_gpus(const NodeFacts& node);

}  // namespace plumbline::netcheck
