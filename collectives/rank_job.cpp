#include "collectives/rank_job.hpp"

#include <optional>

#include "collectives/plan.hpp"
#include "collectives/wire.hpp"
#include "core/json/codec.hpp"

namespace plumbline::collectives {
namespace {

constexpr auto kSettle = std::chrono::milliseconds(20);
constexpr auto kIdleWatch = std::chrono::milliseconds(150);

std::string option(const Request& request, const std::string& name) {
  const auto found = request.options.find(name);
  return found == request.options.end() ? std::string() : found->second;
}

/// Where this rank is: the end of its host's name, else the end of its number.
Endpoint end_of(const Request& request, int rank, const std::string& hostname) {
  for (const Endpoint& end : request.ends)
    if (!end.node.empty() && end.node == hostname) return end;
  return request.ends.at(static_cast<std::size_t>(rank));
}

/// One rank's watch over its rail device during one measurement. A rank that cannot watch says so
/// in its proof; it must not stop the others.
class RankWire {
 public:
  RankWire(const Request& request, int rank, RankWorld& world)
      : world_(world), at_(end_of(request, rank, world.hostname)) {
    at_.rail = option(request, "rail");
    const std::string subnet = option(request, "subnet");
    if (subnet.empty()) {
      problem_ = "no subnet was given, so no counters were read";
      return;
    }
    const auto addresses = device_addresses();
    const auto device = addresses ? device_in(*addresses, subnet)
                                  : Result<std::string>(tl::unexpected(addresses.error()));
    if (device) at_.device = *device;
    if (!device) problem_ = device.error().message;
  }

  void before() {
    world_.clock.wait_until(world_.clock.now() + kSettle);
    read(watch_.idle);
    world_.clock.wait_until(world_.clock.now() + kIdleWatch);
    read(watch_.before);
  }

  void after() { read(watch_.after); }

  std::vector<Proof> proofs(Bytes expected) const {
    if (problem_.empty()) return prove_wire(watch_, at_, expected);
    Proof none;
    none.kind = "counter";
    none.at = at_;
    none.source = "/proc/net/dev";
    none.statement = problem_;
    none.expected = static_cast<double>(expected.count);
    return {none};
  }

  const Endpoint& at() const { return at_; }

 private:
  void read(WireReading& into) {
    auto reading = read_wire(world_.tree, world_.clock);
    if (reading) into = std::move(*reading);
    if (!reading) problem_ = reading.error().message;
  }

  RankWorld& world_;
  Endpoint at_;
  WireWatch watch_;
  std::string problem_;
};

/// Proofs travel as the one JSON form of the model has them: inside an outcome.
std::string encode_proofs(std::vector<Proof> proofs) {
  Outcome carrier;
  Measured measured;
  measured.proof = std::move(proofs);
  carrier.result = std::move(measured);
  return json::encode(carrier);
}

class SizeRun {
 public:
  SizeRun(Communicator& communicator, const Request& request, RankWorld& world, Deadline deadline)
      : communicator_(communicator), request_(request), world_(world), deadline_(deadline) {}

  Status measure_size(const Planned& planned) {
    const Moment start = world_.clock.now();
    RankWire wire(request_, communicator_.rank(), world_);
    if (auto met = meet(); !met) return met;
    wire.before();
    if (auto met = meet(); !met) return met;
    const MeasureJob job{planned.operation, request_.budget, request_.seed};
    auto result = measure(communicator_, job, world_.clock, world_.progress, deadline_);
    const Seconds took = in_seconds(world_.clock.now() - start);
    if (!result) return failed(planned, result.error(), took);
    wire.after();
    if (auto proven = gather_proofs(planned, wire, *result); !proven) return proven;
    Outcome outcome = identity(request_, planned.operation.bytes);
    outcome.result = std::move(result->measured);
    outcome.took = took;
    outcome.finished_at = world_.clock.wall_time();
    if (communicator_.rank() == 0) world_.finished(outcome);
    return {};
  }

 private:
  Status meet() {
    const auto met = communicator_.share("", deadline_);
    return met ? Status() : pass_up(met.error(), "waiting for all ranks");
  }

  /// Wrong data was told to all ranks alike, so they can go on; anything else was seen here only.
  Status failed(const Planned& planned, const Error& error, Seconds took) {
    if (error.code != ErrorCode::data_corrupt) return tl::unexpected(error);
    if (communicator_.rank() != 0) return {};
    world_.finished(failed_outcome(request_, planned.operation.bytes, error, took, world_.clock));
    return {};
  }

  Status gather_proofs(const Planned& planned, const RankWire& wire, CollectiveResult& result) {
    const Bytes expected{planned.least_sent.count * result.runs};
    const auto all = communicator_.share(encode_proofs(wire.proofs(expected)), deadline_);
    if (!all) return pass_up(all.error(), "gathering proofs");
    Proof library = communicator_.library();
    library.at.rail = option(request_, "rail");
    library.statement += "; " + std::to_string(result.measured.batches.size()) +
                         " batches, each behind a barrier, over the connections of one launch";
    result.measured.proof.push_back(std::move(library));
    for (const std::string& text : *all) {
      auto carrier = json::decode_outcome(text);
      if (!carrier) return pass_up(carrier.error(), "reading a rank's proof");
      for (const Proof& proof : carrier->measured()->proof)
        result.measured.proof.push_back(proof);
    }
    return {};
  }

  Communicator& communicator_;
  const Request& request_;
  RankWorld& world_;
  Deadline deadline_;
};

}  // namespace

Outcome failed_outcome(const Request& request, Bytes size, const Error& error, Seconds took,
                       const Clock& clock) {
  Outcome outcome = identity(request, size);
  outcome.result = Failed{error, ""};
  outcome.took = took;
  outcome.finished_at = clock.wall_time();
  return outcome;
}

Status run_request(Communicator& communicator, const Request& request, RankWorld& world,
                   Deadline deadline) {
  if (communicator.size() != request.size)
    return fail(ErrorCode::invalid_input, "the request is for " + std::to_string(request.size) +
                                              " ranks, the launcher started " +
                                              std::to_string(communicator.size()));
  const auto planned = plan(request);
  if (!planned) return tl::unexpected(planned.error());
  SizeRun run(communicator, request, world, deadline);
  for (const Planned& size : *planned)
    if (auto done = run.measure_size(size); !done) return done;
  return {};
}

}  // namespace plumbline::collectives
