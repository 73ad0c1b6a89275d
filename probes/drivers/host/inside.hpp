#pragma once

#include "core/files.hpp"
#include "core/model/inside.hpp"

namespace plumbline::probes {

/// Looks at what this process can be given: the device nodes of GPUs (/dev/nvidia<minor>), of IMEX
/// channels (/dev/nvidia-caps-imex-channels/channel<number>) and of RDMA devices
/// (/dev/infiniband/uverbs<number>) below `root`, each opened once and closed again; the variables
/// that tell of devices; the CPUs and NUMA nodes that it may use. No link is followed below /dev.
/// What cannot be looked at is in `problems`; that nothing is there is an empty list.
InsideView look_inside(const FileTree& root);

/// The kernel's number of a driver in the text of /proc/devices, among character devices; negative
/// when it has none.
int major_of(const std::string& devices, const std::string& driver);

}  // namespace plumbline::probes
