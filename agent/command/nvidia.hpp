#pragma once

#include <cstddef>

#include "core/files.hpp"

namespace plumbline::agent {

/// How many NVIDIA GPUs this node has on PCI, whether or not a driver serves them: functions of
/// vendor 0x10de and class display (0x0300, 0x0302) below /sys/bus/pci/devices. None where that
/// cannot be read.
std::size_t count_nvidia_gpus(const FileTree& root);

}  // namespace plumbline::agent
