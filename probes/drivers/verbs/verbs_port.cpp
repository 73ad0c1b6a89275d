#include "probes/drivers/verbs/verbs_port.hpp"

#include <algorithm>

#include "probes/drivers/verbs/gid_choice.hpp"

namespace plumbline::probes {

namespace {

/// What sysfs tells of the port, with the GID chosen.
Result<RdmaPort> look_at(const FileTree& root, VerbsPort& port, std::optional<int> wish) {
  const RdmaDevice frame = read_rdma_frame(root, port.name.device);
  port.software = frame.driver == "rdma_rxe" || frame.driver == "siw";
  const auto found = std::find_if(frame.ports.begin(), frame.ports.end(), [&](const RdmaPort& one) {
    return one.number == port.name.port;
  });
  if (found == frame.ports.end()) {
    return fail(ErrorCode::not_found,
                port.name.device + " has no port " + std::to_string(port.name.port));
  }
  RdmaPort facts = *found;
  if (facts.state != "ACTIVE") {
    return fail(ErrorCode::no_carrier, "port " + port.words() + " is " +
                                           (facts.state.empty() ? "unreadable" : facts.state) +
                                           ", " + facts.physical_state);
  }
  read_gids(root, port.name.device, facts);
  if (wish) choose_gid(facts, wish);
  if (!facts.used_gid) {
    return fail(ErrorCode::unavailable, "port " + port.words() + ": " + facts.gid_problem);
  }
  return facts;
}

Status query(VerbsPort& port) {
  const auto number = static_cast<std::uint8_t>(port.name.port);
  if (const int failed = ibv_query_port(port.context.get(), number, &port.attributes)) {
    return verbs_failed(failed, "asking for port " + port.words());
  }
  if (const int failed = ibv_query_device(port.context.get(), &port.limits)) {
    return verbs_failed(failed, "asking for the limits of " + port.name.device);
  }
  if (ibv_query_gid(port.context.get(), number, port.gid_index, &port.gid) != 0) {
    return verbs_failed(errno,
                        "asking for GID " + std::to_string(port.gid_index) + " of " + port.words());
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<VerbsPort>> open_port(const std::string& device, std::optional<int> wish) {
  const FileTree root("/");
  auto name = find_rdma_port(root, device);
  if (!name) return tl::unexpected(name.error());
  auto port = std::make_unique<VerbsPort>();
  port->name = *name;
  const auto facts = look_at(root, *port, wish);
  if (!facts) return tl::unexpected(facts.error());
  port->gid_index = *facts->used_gid;
  for (const RdmaGid& gid : facts->gids) {
    if (gid.used) port->gid_words = "gid " + std::to_string(gid.index) + " (" + gid.why + ")";
  }
  auto context = open_device(name->device);
  if (!context) return tl::unexpected(context.error());
  port->context = std::move(*context);
  if (auto asked = query(*port); !asked) return tl::unexpected(asked.error());
  port->domain.reset(ibv_alloc_pd(port->context.get()));
  if (!port->domain) return verbs_failed(errno, "making a protection domain on " + port->words());
  return port;
}

}  // namespace plumbline::probes
