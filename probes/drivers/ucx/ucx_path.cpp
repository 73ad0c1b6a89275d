#include "probes/drivers/ucx/ucx_path.hpp"

#include <algorithm>
#include <map>
#include <mutex>

#include "probes/drivers/host/connections.hpp"
#include "probes/drivers/ucx/ucx_connection.hpp"
#include "probes/drivers/verbs/device_files.hpp"

namespace plumbline::probes {

namespace {

/// How UCX is to reach the other end from one device.
struct Way {
  UcxSettings settings;
  std::string what;  ///< "tcp on ens1"
};

Way over_tcp(const std::string& device) {
  // Connecting must not block the thread: a dead path is given up by our own clock. The last three
  // are the transport's, which UCX 1.13 knows here without their prefix TCP_.
  return {{{"TLS", "tcp"},
           {"NET_DEVICES", device},
           {"SOCKADDR_TLS_PRIORITY", "tcp"},
           {"MAX_EAGER_LANES", "1"},
           {"CONN_NB", "y"},
           {"KEEPIDLE", "10s"},
           {"KEEPINTVL", "2s"}},
          "tcp on " + device};
}

/// The link-local GID of a software device's port; nothing elsewhere, where UCX chooses well.
std::optional<int> gid_for_ucx(const FileTree& root, const PortName& name) {
  RdmaDevice device = read_rdma_frame(root, name.device);
  if (device.driver != "rdma_rxe") return std::nullopt;
  for (RdmaPort& port : device.ports) {
    if (port.number != name.port) continue;
    read_gids(root, name.device, port);
    const auto local = std::find_if(port.gids.begin(), port.gids.end(), [](const RdmaGid& gid) {
      return gid.gid.rfind("fe80:", 0) == 0 && gid.type == "RoCE v2";
    });
    if (local != port.gids.end()) return local->index;
  }
  return std::nullopt;
}

Result<Way> over_verbs(const std::string& device) {
  const FileTree root("/");
  const auto name = find_rdma_port(root, device);
  if (!name) return tl::unexpected(name.error());
  const std::string port = name->device + ":" + std::to_string(name->port);
  Way way{{{"TLS", "rc_v,ud_v"},
           {"NET_DEVICES", port},
           {"MAX_EAGER_LANES", "1"},
           {"MAX_RNDV_LANES", "1"}},
          "verbs on " + port};
  // A setting of the memory domain, which UCX 1.13 knows here without its prefix IB_.
  if (const auto gid = gid_for_ucx(root, *name))
    way.settings.emplace_back("GID_INDEX", std::to_string(*gid));
  return way;
}

/// Keeps one context a device: what costs time is made once, workers and endpoints are fresh.
class UcxPaths final : public PathDriver {
 public:
  using FindWay = Result<Way> (*)(const std::string& device);
  UcxPaths(const char* transport, FindWay find) : transport_(transport), find_(find) {}

  std::string name() const override {
    unsigned major = 0;
    unsigned minor = 0;
    unsigned release = 0;
    ucp_get_version(&major, &minor, &release);
    return "UCX " + std::to_string(major) + "." + std::to_string(minor) + "." +
           std::to_string(release) + " (" + transport_ + ")";
  }

  Result<std::unique_ptr<Connection>> open(const std::string& device, Waiting waiting) override {
    const std::lock_guard lock(mutex_);
    auto found = contexts_.find(device);
    if (found == contexts_.end()) {
      const auto way = find_(device);
      if (!way) return tl::unexpected(way.error());
      auto context = open_context(way->settings, way->what);
      if (!context) return tl::unexpected(context.error());
      found = contexts_.emplace(device, std::move(*context)).first;
    }
    auto connection = UcxConnection::open(found->second.get(), waiting);
    if (!connection) return tl::unexpected(connection.error());
    return std::unique_ptr<Connection>(std::move(*connection));
  }

  Tally tally() override { return tally_connections(); }

 private:
  std::string transport_;
  FindWay find_;
  std::mutex mutex_;
  std::map<std::string, UcxContext> contexts_;
};

}  // namespace

Result<std::unique_ptr<PathDriver>> ucx_paths() {
  return std::make_unique<UcxPaths>(
      "tcp", [](const std::string& device) -> Result<Way> { return over_tcp(device); });
}

Result<std::unique_ptr<PathDriver>> ucx_rdma_paths() {
  return std::make_unique<UcxPaths>("verbs", over_verbs);
}

}  // namespace plumbline::probes
