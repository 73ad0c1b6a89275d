#pragma once

#include <map>
#include <string>
#include <vector>

namespace plumbline {

/// A device node that a process finds below its own /dev.
struct DeviceNode {
  std::string path;       ///< "/dev/nvidia0"
  std::string kind;       ///< gpu | imex_channel | rdma
  std::string device;     ///< what it stands for: minor of a GPU, number of a channel, "mlx5_0";
                          ///< empty: that is not told
  std::string number;     ///< "195:0"; empty: it is no character device
  bool opens = false;     ///< this process can open it for reading and writing
  std::string problem{};  ///< why it cannot be opened
  /// Its number is none of the driver's in /proc/devices: somebody put something else in its place,
  /// as tests do. It can show that a node is in a container, and never that isolation works.
  bool stand_in = false;
};

/// What a process inside a container sees of the devices that a container can be given. A value;
/// made by the inventory of an agent in a placed pod.
struct InsideView {
  std::vector<DeviceNode> nodes;  ///< by path
  /// Variables by which device plugins and runtimes say what they gave: NVIDIA_VISIBLE_DEVICES,
  /// CUDA_VISIBLE_DEVICES, PCIDEVICE_*.
  std::map<std::string, std::string> environment;
  std::vector<int> cpus;              ///< Cpus_allowed_list of /proc/self/status
  std::vector<int> memory_nodes;      ///< Mems_allowed_list: NUMA nodes
  std::vector<std::string> problems;  ///< what could not be looked at, and why
};

}  // namespace plumbline
