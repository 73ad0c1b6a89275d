#include "collectives/rank_job.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>

#include "collectives/bus_factor.hpp"
#include "collectives/plan.hpp"
#include "collectives/skew.hpp"
#include "collectives/wire.hpp"
#include "core/json/codec.hpp"
#include "core/statistics/sampling.hpp"

namespace plumbline::collectives {
namespace {

constexpr auto kSettle = std::chrono::milliseconds(20);
constexpr std::size_t kMostLate = 8;  // ranks that are told of
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
      absent_ = world.witness != nullptr;
      if (absent_ || option(request, "transport") == "shared_memory")
        return;  // no device is to move
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
    if (!problem_.empty() && world_.witness == nullptr) return;  // nothing will be read
    world_.clock.wait_until(world_.clock.now() + kSettle);
    read(watch_.idle);
    if (world_.witness != nullptr) world_.witness->idle();
    world_.clock.wait_until(world_.clock.now() + kIdleWatch);
    read(watch_.before);
    if (world_.witness != nullptr) world_.witness->before();
  }

  void after() {
    read(watch_.after);
    if (world_.witness != nullptr) world_.witness->after();
  }

  std::vector<Proof> proofs(const WireLoad& expected) const {
    if (absent_) return {};
    if (problem_.empty() && at_.device.empty()) return {prove_unused(watch_, at_, expected)};
    if (problem_.empty()) return prove_wire(watch_, at_, expected);
    Proof none;
    none.kind = "counter";
    none.at = at_;
    none.source = "/proc/net/dev";
    none.statement = problem_;
    none.expected = static_cast<double>(expected.sent.count);
    return {none};
  }

  const Endpoint& at() const { return at_; }

 private:
  void read(WireReading& into) {
    if (absent_ || !problem_.empty()) return;
    auto reading = read_wire(world_.tree, world_.clock);
    if (reading) into = std::move(*reading);
    if (!reading) problem_ = reading.error().message;
  }

  RankWorld& world_;
  Endpoint at_;
  WireWatch watch_;
  std::string problem_;
  bool absent_ = false;  ///< a witness of another kind stands for it
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

  Status measure_one(const Planned& planned) {
    if (const auto why = communicator_.cannot(planned.operation)) return skipped(planned, *why);
    const Moment start = world_.clock.now();
    RankWire wire(request_, communicator_.rank(), world_);
    if (auto met = meet(); !met) return met;
    wire.before();
    if (auto met = meet(); !met) return met;
    const MeasureJob job{planned.operation, request_.budget,  request_.seed,
                         planned.fixed,     planned.blocking, planned.colours};
    auto result = measure(communicator_, job, world_.clock, world_.progress, deadline_);
    const Seconds took = in_seconds(world_.clock.now() - start);
    if (!result) return failed(planned, std::move(result.error()), took);
    wire.after();
    if (auto proven = gather_proofs(planned, wire, *result); !proven) return proven;
    tell_rates(planned, *result);
    tell_iterations(*result);
    if (small(planned)) tell_latency(*result);
    Outcome outcome = identity(request_, planned);
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

  Status skipped(const Planned& planned, const std::string& why) {
    Outcome outcome = identity(request_, planned);
    outcome.result = Skipped{why};
    outcome.finished_at = world_.clock.wall_time();
    if (communicator_.rank() == 0) world_.finished(outcome);
    return {};
  }

  /// Wrong data was told to all ranks alike, so they can go on; anything else was seen here only.
  Status failed(const Planned& planned, MeasureError error, Seconds took) {
    if (error.error.code != ErrorCode::data_corrupt) return tl::unexpected(error.error);
    if (communicator_.rank() != 0) return {};
    Failed failed{std::move(error.error), ""};
    if (error.suspects.size() == 1) failed.blamed = node_of(error.suspects.front());
    failed.error.message += "; suspected: ";
    for (const std::string& suspect : error.suspects)
      failed.error.message += (&suspect == error.suspects.data() ? "" : ", ") + suspect;
    world_.finished(
        failed_outcome(identity(request_, planned), std::move(failed), took, world_.clock));
    return {};
  }

  /// The node of "rank 3".
  std::string node_of(const std::string& rank) const {
    for (int number = 0; number < request_.size; ++number)
      if (rank == "rank " + std::to_string(number))
        return request_.ends[static_cast<std::size_t>(number)].node;
    return "";
  }

  /// What nccl-tests' table shows beside busbw, and what a NIC carries.
  void tell_rates(const Planned& planned, CollectiveResult& result) const {
    Measured& measured = result.measured;
    int group = 1;
    for (int rank = 0; rank < communicator_.size(); ++rank)
      group = std::max(group, place_in(planned.colours, rank, communicator_.size()).size);
    const Operation& operation = planned.operation;
    const double factor = bus_factor(operation.kind, group);
    const Seconds mean{mean_of(result.iterations.ranks)};
    const double alg =
        factor > 0 ? measured.value / factor : alg_bandwidth(operation, group, mean).value;
    const double moved = alg_bandwidth(operation, group, {1}).value;
    measured.counters["size"] = static_cast<double>(moved_size(operation, group).count);
    measured.counters["count"] = static_cast<double>(layout_of(operation, group).count);
    measured.counters["alg_bandwidth"] = alg;
    measured.counters["time"] = alg > 0 ? moved / alg : mean.value;
    std::set<std::string> nodes;
    for (const Endpoint& end : request_.ends)
      nodes.insert(end.node);
    const auto rate =
        nic_rate({measured.value}, static_cast<int>(nodes.size()), communicator_.size());
    if (rate.value > 0 && planned.colours.empty()) measured.counters["nic_rate"] = rate.value;
  }

  /// Option "latency_upto": sizes up to that many bytes are told as a latency.
  bool small(const Planned& planned) const {
    const std::string text = option(request_, "latency_upto");
    std::uint64_t most = 0;
    std::from_chars(text.data(), text.data() + text.size(), most);
    return planned.operation.bytes.count <= most && most > 0;
  }

  /// The number is a run's median time; its interval is that of the batches' medians, which a
  /// disturbed run leaves alone.
  void tell_latency(CollectiveResult& result) const {
    Measured& measured = result.measured;
    std::vector<Batch> batches;
    for (const double median : result.iterations.medians) {
      batches.emplace_back();
      batches.back().value = median;
    }
    Measured latency = summarise_latency(batches, request_.budget.width);
    latency.value = result.iterations.p50;
    latency.interval.low = std::min(latency.interval.low, latency.value);
    latency.interval.high = std::max(latency.interval.high, latency.value);
    latency.p99 = result.iterations.p99;
    latency.counters = std::move(measured.counters);
    latency.counters["bus_bandwidth"] = measured.value;
    latency.proof = std::move(measured.proof);
    measured = std::move(latency);
  }

  /// Percentiles and lateness always; every single time only where it was asked for ("samples").
  void tell_iterations(CollectiveResult& result) const {
    const Iterations& all = result.iterations;
    auto& counters = result.measured.counters;
    counters["runs"] = static_cast<double>(all.timed);
    counters["run_p50"] = all.p50;
    counters["run_p99"] = all.p99;
    counters["run_max"] = all.max;
    counters["lateness"] = all.lateness;
    counters["clock_error"] = all.clock_error;
    for (std::size_t i = 0; i < std::min(all.late.size(), kMostLate); ++i)
      counters["late_rank" + (i == 0 ? std::string() : "_" + std::to_string(i + 1))] = all.late[i];
    if (option(request_, "samples").empty()) return;
    Proof samples;
    samples.kind = "samples";
    samples.source = "single runs by rank, s";
    samples.statement = json_of(all.ranks);
    samples.holds = true;
    result.measured.proof.push_back(std::move(samples));
  }

  /// "[[0.1,0.2],[0.1,0.3]]".
  static std::string json_of(const std::vector<std::vector<double>>& lists) {
    std::string text = "[";
    for (const auto& list : lists) {
      text += text.size() > 1 ? ",[" : "[";
      for (const double number : list) {
        std::array<char, 40> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
        if (text.back() != '[') text += ',';
        text.append(digits.data(), end.ptr);
      }
      text += ']';
    }
    return text + "]";
  }

  static double mean_of(const std::vector<std::vector<double>>& ranks) {
    double slowest = 0;
    for (const auto& times : ranks)
      slowest = std::max(slowest, mean(times));
    return slowest;
  }

  /// Who waits least for others is who the others wait for (see least_patient()).
  Status tell_patience(CollectiveResult& result) {
    const auto mine = world_.witness->patience();
    const auto all = communicator_.share(mine ? std::to_string(*mine) : "", deadline_);
    if (!all) return pass_up(all.error(), "gathering waiting times");
    std::vector<double> waited;
    for (const std::string& text : *all) {
      double seconds = 0;
      const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
      if (read.ec != std::errc() || text.empty()) return {};
      waited.push_back(seconds);
    }
    if (const auto rank = least_patient(waited)) {
      result.measured.counters["awaited_rank"] = *rank;
      result.measured.counters["awaited_waited"] = waited[static_cast<std::size_t>(*rank)];
    }
    return {};
  }

  Status gather_proofs(const Planned& planned, const RankWire& wire, CollectiveResult& result) {
    const GroupPlace place = place_in(planned.colours, communicator_.rank(), communicator_.size());
    WireLoad expected = wire_load(planned.operation, place.size, place.rank);
    expected.sent.count *= result.runs;
    expected.received.count *= result.runs;
    Proof library = communicator_.library();
    std::vector<Proof> mine = wire.proofs(expected);
    if (world_.witness != nullptr) {
      const double bus = bus_factor(planned.operation.kind, place.size) *
                         alg_bandwidth(planned.operation, place.size, {1}).value;
      const Moved moved{planned.operation, place.size, planned.colours.empty(), result.runs,
                        bus * static_cast<double>(result.runs)};
      for (Proof& proof : world_.witness->proofs(moved, library))
        mine.push_back(std::move(proof));
      if (auto told = tell_patience(result); !told) return told;
    }
    const auto all = communicator_.share(encode_proofs(std::move(mine)), deadline_);
    if (!all) return pass_up(all.error(), "gathering proofs");
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

Outcome failed_outcome(Outcome identity, Failed failed, Seconds took, const Clock& clock) {
  identity.result = std::move(failed);
  identity.took = took;
  identity.finished_at = clock.wall_time();
  return identity;
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
  for (const Planned& one : *planned)
    if (auto done = run.measure_one(one); !done) return done;
  return {};
}

}  // namespace plumbline::collectives
