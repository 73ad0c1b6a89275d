#include "probes/drivers/fake/fake_rdma.hpp"

namespace plumbline::probes {

namespace {

class FakeHalf final : public RdmaHalf {
 public:
  FakeHalf(const FakeRdma& path, std::shared_ptr<FakePorts> ports, RdmaWork work)
      : path_(path), ports_(std::move(ports)), work_(work) {}
  std::string address() const override { return "fake"; }
  Status connect(const std::string& peer) override {
    if (peer == "fake") return {};
    return fail(ErrorCode::invalid_input, "no fake end");
  }

  HalfResult request(const BatchPlan& plan, const Clock& /*clock*/,
                     Deadline /*deadline*/) override {
    return stream(plan, work_.operation == Operation::read, true);
  }
  HalfResult serve(const BatchPlan& plan, Deadline /*deadline*/) override {
    return stream(plan, work_.operation != Operation::read, false);
  }

  HalfResult ping(const BatchPlan& plan, const Clock& /*clock*/, Deadline /*deadline*/) override {
    HalfResult result = to_and_fro(plan, true);
    result.batch.samples.assign(100, path_.latency);
    result.batch.value = path_.latency;
    return result;
  }
  HalfResult pong(const BatchPlan& plan, Deadline /*deadline*/) override {
    return to_and_fro(plan, false);
  }
  std::string transport() const override {
    return std::string("rc_") + to_string(work_.operation) + "/rxe1:1 gid 1 mtu 1024";
  }

 private:
  /// Both ends know from the plan how much a batch moves.
  HalfResult stream(const BatchPlan& plan, bool destination, bool clock) {
    HalfResult result;
    const auto moved =
        static_cast<std::uint64_t>(path_.rate * in_seconds(plan.schedule.timed).value);
    if (path_.dead) {
      result.silent = true;
      result.error = Error{ErrorCode::unavailable, "the other end does not acknowledge"};
      return result;
    }
    if (path_.corrupts && destination) {
      result.error = Error{ErrorCode::data_corrupt, "byte 7 of message 0 is not the byte"};
    }
    count(destination ? 0 : moved, destination ? moved : 0);
    result.total = destination ? moved : 0;
    if (!clock) return result;
    result.batch.value = path_.rate;
    result.batch.payload = Bytes{moved};
    result.batch.windows.assign(4, path_.rate);
    return result;
  }

  HalfResult to_and_fro(const BatchPlan& plan, bool clock) {
    HalfResult result = stream(plan, true, clock);
    count(result.total, 0);
    return result;
  }

  void count(std::uint64_t sent, std::uint64_t received) {
    const std::lock_guard lock(ports_->mutex);
    if (path_.strays) {
      ports_->other += sent + received;
    } else {
      ports_->sent += sent;
      ports_->received += received;
    }
    if (path_.strays || path_.detours) {
      ports_->net_other += sent + received;
    } else {
      ports_->net_sent += sent;
      ports_->net_received += received;
    }
  }

  const FakeRdma& path_;
  std::shared_ptr<FakePorts> ports_;
  RdmaWork work_;
};

class FakeDriver final : public RdmaDriver {
 public:
  FakeDriver(const FakeRdma& path, std::shared_ptr<FakePorts> ports)
      : path_(path), ports_(std::move(ports)) {}
  std::string name() const override { return "fake verbs"; }

  Result<std::unique_ptr<RdmaHalf>> open(const std::string& /*device*/,
                                         const RdmaWork& work) override {
    if (!path_.unopenable.empty()) return fail(ErrorCode::not_found, path_.unopenable);
    return std::make_unique<FakeHalf>(path_, ports_, work);
  }
  Result<std::string> peer_address(const std::string& /*peer*/) override { return "10.70.1.12"; }

  std::vector<PortCount> count() override {
    const std::lock_guard lock(ports_->mutex);
    PortCount claimed;
    claimed.port = "rxe1/1";
    claimed.state = "ACTIVE";
    claimed.netdevs = {"ens1"};
    claimed.through_kernel = true;
    PortCount other = claimed;
    other.port = "rxe2/1";
    other.netdevs = {"ens2"};
    other.sent = ports_->other;
    other.received = 0;
    claimed.sent = ports_->sent;
    claimed.received = ports_->received;
    if (path_.uncounted) {
      claimed.sent.reset();
      claimed.received.reset();
      claimed.problem = "driver siw counts no data";
    }
    return {claimed, other};
  }

 private:
  FakeRdma path_;
  std::shared_ptr<FakePorts> ports_;
};

}  // namespace

std::unique_ptr<RdmaDriver> fake_rdma(const FakeRdma& path, std::shared_ptr<FakePorts> ports) {
  return std::make_unique<FakeDriver>(path, std::move(ports));
}

}  // namespace plumbline::probes
