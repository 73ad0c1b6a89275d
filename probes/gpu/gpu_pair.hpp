#pragma once

#include <memory>

#include "probes/gpu/gpu_probe.hpp"

namespace plumbline::probes {

/// "gpu_pair": what GPU ends[0].device of one process writes into memory that another process
/// shared on GPU ends[1].device, bytes a second. The two processes may be in two pods (CUDA IPC) or
/// on two trays of one NVLink domain (fabric handles); they meet by the rendezvous, through which
/// the handle goes. Options: "share" = ipc | fabric; without it ipc on one node, fabric between
/// two. The GPU may be the same in both. Rank 0 gives the outcome.
std::unique_ptr<Probe> gpu_pair_probe(GpuOpener open);

}  // namespace plumbline::probes
