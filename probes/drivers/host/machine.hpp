#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/model/topology.hpp"
#include "core/result.hpp"

namespace plumbline::probes {

/// Memory of one kind in one place, given back with it.
class PlacedMemory {
 public:
  PlacedMemory(std::byte* bytes, std::size_t size, std::shared_ptr<void> owner)
      : bytes_(bytes), size_(size), owner_(std::move(owner)) {}
  std::byte* data() const { return bytes_; }
  std::size_t size() const { return size_; }

 private:
  std::byte* bytes_;
  std::size_t size_;
  std::shared_ptr<void> owner_;
};

/// What of the machine is looked at.
enum class Depth {
  nodes,   ///< CPUs, caches and NUMA nodes: milliseconds
  devices  ///< PCI devices too
};

/// A machine as hwloc sees it: this one, or a recorded XML.
class Machine {
 public:
  /// This machine, or the one in the file `xml` when that is not empty.
  static Result<Machine> open(const std::filesystem::path& xml, Depth depth);

  /// Model name of the first CPU package; empty when it is not told.
  std::string cpu_model() const;
  /// By index.
  std::vector<NumaNode> numa_nodes() const;
  /// Network, accelerator and storage functions and the bridges above them; link state and driver
  /// are not hwloc's business and stay empty.
  std::vector<PciDevice> pci_devices() const;
  /// The largest cache that a CPU of this NUMA node has; zero when it is not told.
  Bytes largest_cache(int numa) const;
  /// Keeps the calling thread on the CPUs of a NUMA node.
  Status bind_thread(int numa) const;
  /// Memory of a NUMA node; strictly of it where the machine has more than one.
  Result<PlacedMemory> allocate(int numa, std::size_t size) const;

 private:
  struct State;
  explicit Machine(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace plumbline::probes
