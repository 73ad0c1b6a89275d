#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "probes/drivers/ucx/ucx_context.hpp"
#include "probes/pair/path.hpp"

namespace plumbline::probes {

/// A worker with one endpoint: a UCX stream to the other rank.
class UcxConnection final : public Connection {
 public:
  /// The context outlives the connection.
  static Result<std::unique_ptr<UcxConnection>> open(ucp_context_h context, Waiting waiting);
  ~UcxConnection() override;
  UcxConnection(const UcxConnection&) = delete;
  UcxConnection& operator=(const UcxConnection&) = delete;

  Result<std::string> address() override;
  Status connect(const std::string& peer) override;
  Status send(std::span<const std::byte> bytes) override;
  std::size_t pending() const override { return pending_; }
  Result<std::size_t> receive(std::span<std::byte> into) override;
  Status progress(Deadline deadline) override;
  std::vector<std::string> transports() override;

 private:
  UcxConnection(UcxWorker worker, int event, Waiting waiting);
  static void on_sent(void* request, ucs_status_t status, void* self);
  static void on_failure(void* self, ucp_ep_h endpoint, ucs_status_t status);
  Status sleep_until(Deadline deadline);
  void release_chunk();

  UcxWorker worker_;
  ucp_ep_h endpoint_ = nullptr;
  int event_;
  Waiting waiting_;
  ucs_status_t failure_ = UCS_OK;
  std::size_t pending_ = 0;
  std::span<const std::byte> chunk_;  ///< what UCX has handed over and receive() has not
  void* chunk_owner_ = nullptr;
};

}  // namespace plumbline::probes
