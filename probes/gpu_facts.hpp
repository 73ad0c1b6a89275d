#pragma once

#include "core/model/topology.hpp"
#include "core/protocol/request.hpp"

namespace plumbline::probes {

/// Adds what is known of the GPUs to a topology whose PCI devices are known already. The request's
/// option "drivers" = "fake:FILE" puts a described machine in the place of the real one. Else NVML
/// is asked where the PCI bus shows a GPU of NVIDIA: it can hang, the caller is a child with a
/// deadline. A node without such a device has neither `gpus` nor `gpus_problem`; one whose driver
/// does not answer has the reason.
void add_gpus(const Request& request, Topology& topology);

/// True for a GPU of NVIDIA as the PCI bus shows it.
bool is_nvidia_gpu(const PciDevice& device);

}  // namespace plumbline::probes
