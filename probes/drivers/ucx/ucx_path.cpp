#include "probes/drivers/ucx/ucx_path.hpp"

#include <map>
#include <mutex>

#include "probes/drivers/host/connections.hpp"
#include "probes/drivers/ucx/ucx_connection.hpp"

namespace plumbline::probes {

namespace {

/// Keeps one context a device: what costs time is made once, workers and endpoints are fresh.
class UcxPaths final : public PathDriver {
 public:
  std::string name() const override {
    unsigned major = 0;
    unsigned minor = 0;
    unsigned release = 0;
    ucp_get_version(&major, &minor, &release);
    return "UCX " + std::to_string(major) + "." + std::to_string(minor) + "." +
           std::to_string(release) + " (tcp)";
  }

  Result<std::unique_ptr<Connection>> open(const std::string& device, Waiting waiting) override {
    const std::lock_guard lock(mutex_);
    auto found = contexts_.find(device);
    if (found == contexts_.end()) {
      auto context = open_context(device);
      if (!context) return tl::unexpected(context.error());
      found = contexts_.emplace(device, std::move(*context)).first;
    }
    auto connection = UcxConnection::open(found->second.get(), waiting);
    if (!connection) return tl::unexpected(connection.error());
    return std::unique_ptr<Connection>(std::move(*connection));
  }

  Tally tally() override { return tally_connections(); }

 private:
  std::mutex mutex_;
  std::map<std::string, UcxContext> contexts_;
};

}  // namespace

Result<std::unique_ptr<PathDriver>> ucx_paths() {
  return std::unique_ptr<PathDriver>(new UcxPaths);
}

}  // namespace plumbline::probes
