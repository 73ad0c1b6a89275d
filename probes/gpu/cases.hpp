#pragma once

#include <string>
#include <vector>

#include "core/model/measurement.hpp"
#include "core/protocol/request.hpp"
#include "probes/gpu/gpu_machine.hpp"

namespace plumbline::probes {

/// One stream of bytes of a case.
struct GpuStream {
  GpuPlace from;
  GpuPlace to;
  std::string runner;  ///< UUID of the GPU that copies
};

/// One number to measure.
struct GpuCase {
  Outcome identity;                ///< without a result
  std::vector<GpuStream> streams;  ///< all at once; of a latency: one, whose runner begins
  CopyEngine engine = CopyEngine::dma;
  Bytes message;
  bool judged = true;  ///< the largest size: measured as long as the budget allows
  /// "copy numa0 to GPU-1 by dma".
  std::string words() const;
};

/// What there is to measure between.
struct GpuWorld {
  std::vector<std::string> gpus;  ///< UUIDs, in order of their PCI addresses
  std::vector<int> numa_nodes;
  std::string node;                  ///< for the endpoints
  std::vector<Bytes> sizes;          ///< ascending; the last is judged
  std::vector<std::string> measure;  ///< rows and "sm"; empty: the rows that are default
};

/// The words that Request.measure may hold for a probe; empty: it is no GPU probe.
std::vector<std::string> gpu_measures(const std::string& probe);

/// The rows of the table that `probe` ("gpu_copy", "gpu_latency", "gpu_together") has, over the
/// world: in the order they are measured. Nothing for a row that needs more GPUs than there are.
std::vector<GpuCase> gpu_cases(const std::string& probe, const GpuWorld& world);

/// Rounds in which each of `count` ends meets another one, each pair once in all rounds together
/// (the circle method). With an odd count one rests in each round.
std::vector<std::vector<std::pair<std::size_t, std::size_t>>> matchings(std::size_t count);

/// 4 KiB and four times as much again up to `largest`, which is the last.
std::vector<Bytes> sweep_sizes(Bytes largest);

/// The smallest size whose goodput is at least nine tenths of the best; zero for no points.
Bytes knee(const std::vector<std::pair<Bytes, double>>& goodputs);

}  // namespace plumbline::probes
