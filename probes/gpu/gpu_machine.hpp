#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/units.hpp"

namespace plumbline {
struct GpuNode;
struct GpuProcess;
}  // namespace plumbline

namespace plumbline::probes {

/// One GPU, or one MIG slice, as the driver gives it to this process.
struct GpuUnit {
  std::string uuid;         ///< "GPU-<uuid>" or "MIG-<uuid>": its identity, never an index
  std::string pci_address;  ///< "0000:1b:00.0"
  std::string product;      ///< "NVIDIA H100 80GB HBM3"
  Bytes memory;             ///< all of it
};

/// Where bytes lie: in the memory of a GPU, or in pinned memory of a NUMA node of the host.
struct GpuPlace {
  std::string gpu;          ///< UUID; empty for host memory
  std::optional<int> numa;  ///< the host's NUMA node; absent for a GPU
  bool on_host() const { return gpu.empty(); }
  auto operator<=>(const GpuPlace&) const = default;
};

/// What carries the bytes: a copy engine (DMA), or a kernel on the GPU's multiprocessors.
enum class CopyEngine { dma, sm };

/// Memory that copies read or write; freed with the object. Made by a GpuMachine, which outlives
/// it.
class GpuRegion {
 public:
  virtual ~GpuRegion() = default;
  /// Where it lies.
  virtual const GpuPlace& place() const = 0;
  /// Its bytes, a multiple of 16.
  virtual Bytes size() const = 0;
};

/// One stream of copies. Copy number i reads and writes the i-th message of the regions, and begins
/// again at the front behind the last whole message.
struct CopyOrder {
  const GpuRegion* source = nullptr;
  GpuRegion* destination = nullptr;
  std::string runner;  ///< UUID of the GPU whose engine or kernel copies: the source's pushes
                       ///< (write), the destination's pulls (read)
  CopyEngine engine = CopyEngine::dma;
  Bytes message;              ///< a multiple of 16, at most either region
  std::uint32_t repeats = 1;  ///< 1..GpuMachine::kMostRepeats
};

/// When a stream of copies ran, by events of the device, from the common start of all streams.
struct CopyTime {
  Seconds elapsed;  ///< from the common start to the end of its last copy
};

/// What a comparison of a region with its pattern found.
struct Comparison {
  std::uint64_t wrong = 0;             ///< bytes that differ
  std::optional<std::uint64_t> first;  ///< offset of the first of them
};

/// How a region of one process is opened in another.
enum class ShareKind {
  ipc,    ///< CUDA IPC: one node
  fabric  ///< a fabric handle: one NVLink domain, where IMEX allows it
};

/// The GPUs of this process, and what they can be told to do. Errors are those of the domain:
/// unavailable (no such way), deadline_exceeded, conflict (not enough memory is free), internal.
/// After an error of a copy the machine may be of no further use. One thread.
class GpuMachine {
 public:
  /// More copies are not queued behind one hold: a full queue would wait for the hold for ever.
  static constexpr std::uint32_t kMostRepeats = 256;

  virtual ~GpuMachine() = default;
  /// "CUDA driver API 13.0", "fake".
  virtual std::string library() const = 0;
  /// The GPUs that this process may use, in order of their PCI addresses.
  virtual const std::vector<GpuUnit>& units() const = 0;
  /// NUMA nodes of the host that have memory, ascending.
  virtual const std::vector<int>& numa_nodes() const = 0;
  /// What is free on a GPU now.
  virtual Result<Bytes> free_memory(const std::string& uuid) = 0;
  /// Memory at a place, all of it backed. What it holds is not defined.
  virtual Result<std::unique_ptr<GpuRegion>> allocate(const GpuPlace& place, Bytes size) = 0;
  /// The same, to be opened by another process: the region, and the words that open it there.
  virtual Result<std::unique_ptr<GpuRegion>> allocate_shared(const GpuPlace& place, Bytes size,
                                                             ShareKind kind,
                                                             std::string& words) = 0;
  /// Opens what another process shared, for the use of GPU `runner`.
  virtual Result<std::unique_ptr<GpuRegion>> open_shared(const std::string& words,
                                                         const std::string& runner) = 0;
  /// Nothing when `runner` may read and write memory of `other` directly; else why not.
  virtual Status reach(const std::string& runner, const std::string& other) = 0;
  /// Fills a region with the pattern of `seed`: 64-bit word i is gpu_word(seed, i). `worker` is the
  /// GPU that does it for host memory.
  virtual Status fill(GpuRegion& region, std::uint64_t seed, const std::string& worker) = 0;
  /// Fills a region with kPoison.
  virtual Status poison(GpuRegion& region, const std::string& worker) = 0;
  /// Compares the first `size` bytes with the pattern of `seed`, each byte, on a device.
  virtual Result<Comparison> compare(const GpuRegion& region, Bytes size, std::uint64_t seed,
                                     const std::string& worker) = 0;
  /// Runs the streams together: all are queued behind one hold before the first byte moves. One
  /// time an order, in their order.
  virtual Result<std::vector<CopyTime>> copy(const std::vector<CopyOrder>& orders,
                                             Deadline deadline) = 0;
  /// Half round trips of an 8-byte flag, each a sample: a kernel on `runner` writes the flag into
  /// memory at `other` and polls its own; the other end (a kernel there, or a thread of the host on
  /// that NUMA node) does the same.
  virtual Result<std::vector<double>> ping_pong(const std::string& runner, const GpuPlace& other,
                                                std::uint32_t count, Deadline deadline) = 0;
};

/// What a GPU's hardware has counted since some moment of the past; absent = not told.
struct GpuCounters {
  std::optional<Bytes> nvlink_sent;  ///< all NVLinks together
  std::optional<Bytes> nvlink_received;
  std::optional<Bytes> pcie_sent;
  std::optional<Bytes> pcie_received;
  Bytes nvlink_step{1};  ///< what one count of the hardware is worth, in bytes
  Bytes pcie_step{1};
};

/// The instruments beside the GPUs (NVML or a fake): reads only, changes nothing. One thread, but
/// for processes(), which any thread may call.
class GpuInstruments {
 public:
  virtual ~GpuInstruments() = default;
  /// "NVML 13.580.95", "fake".
  virtual std::string library() const = 0;
  /// Everything that is told of all GPUs now: state, processes (this one included), peers.
  virtual Result<GpuNode> look(Deadline deadline) = 0;
  /// Who has a context on a GPU, or on that of a slice, now: quickly. An error is not an empty
  /// list.
  virtual Result<std::vector<GpuProcess>> processes(const std::string& uuid, Deadline deadline) = 0;
  /// One GPU's byte counters now, quickly.
  virtual Result<GpuCounters> counters(const std::string& uuid, Deadline deadline) = 0;
};

}  // namespace plumbline::probes
