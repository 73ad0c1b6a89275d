#pragma once

#include <infiniband/verbs.h>

#include <optional>
#include <string>

#include "core/model/rdma.hpp"
#include "core/result.hpp"
#include "probes/drivers/verbs/device_files.hpp"
#include "probes/drivers/verbs/handles.hpp"

namespace plumbline::probes {

/// A port of this machine, ready for queue pairs.
struct VerbsPort {
  PortName name;
  Handle<ibv_context> context;
  Handle<ibv_pd> domain;
  ibv_device_attr limits{};
  ibv_port_attr attributes{};
  int gid_index = 0;
  ibv_gid gid{};
  std::string gid_words;  ///< "gid 1 (RoCE v2 over IPv4)"
  bool software = false;  ///< rxe, siw: memory and time are scarce
  std::uint32_t mtu() const { return 128U << static_cast<unsigned>(attributes.active_mtu); }
  std::string words() const { return name.device + ":" + std::to_string(name.port); }
};

/// Opens the port that `device` means with the GID that `wish` names, else the chosen one. One
/// reason otherwise: no such device, no uverbs node, the port is not active, no usable GID.
Result<std::unique_ptr<VerbsPort>> open_port(const std::string& device, std::optional<int> wish);

}  // namespace plumbline::probes
