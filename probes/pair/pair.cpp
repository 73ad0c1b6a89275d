#include "probes/pair/pair.hpp"

#include <algorithm>
#include <utility>

#include "probes/pair/proof.hpp"
#include "probes/pair/rdma_numbers.hpp"
#include "probes/pair/rdma_proof.hpp"

namespace plumbline::probes {

namespace {

constexpr std::size_t kMostSizes = 16;
constexpr std::uint64_t kMostSize = 64U << 20U;

Status check_request(const Request& request) {
  if (request.size != 2 || request.ends.size() != 2) {
    return fail(ErrorCode::invalid_input, "a pair has two ends");
  }
  if (request.measure.empty())
    return fail(ErrorCode::invalid_input, "measure: nothing is asked for");
  for (const Endpoint& end : request.ends) {
    if (end.device.empty())
      return fail(ErrorCode::invalid_input, "ends: a network device is needed");
  }
  if (request.sizes.size() > kMostSizes) return fail(ErrorCode::invalid_input, "sizes: at most 16");
  for (const Bytes size : request.sizes) {
    if (size.count == 0 || size.count > kMostSize) {
      return fail(ErrorCode::invalid_input, "sizes: from 1 B to 64 MiB");
    }
  }
  return {};
}

/// Streams of every size, the smallest first; one latency.
Result<std::vector<Number>> numbers_of(const Request& request) {
  std::vector<Number> numbers;
  auto sizes = request.sizes;
  if (sizes.empty()) sizes.push_back(Bytes{1U << 20U});
  std::sort(sizes.begin(), sizes.end());
  for (const Bytes size : sizes) {
    for (const auto& word : request.measure) {
      auto shape = parse_shape(word);
      if (!shape) return tl::unexpected(shape.error());
      if (*shape != Shape::latency) numbers.push_back({*shape, size, numbers.size(), false, {}});
    }
  }
  const auto& words = request.measure;
  if (std::find(words.begin(), words.end(), "latency") != words.end()) {
    numbers.push_back({Shape::latency, Bytes{8}, numbers.size(), false, {}});
  }
  const auto transport = transport_of(request);
  if (!transport) return tl::unexpected(transport.error());
  if (*transport == Transport::verbs) return rdma_numbers(request, numbers);
  for (Number& number : numbers)
    number.by_library = *transport == Transport::library;
  return numbers;
}

Outcome outcome_of(const Request& request, const Number& number) {
  const bool reverse = number.shape == Shape::reverse;
  Outcome outcome;
  outcome.probe = number.shape == Shape::latency ? "pair_latency" : "pair_goodput";
  outcome.from = request.ends[reverse ? 1 : 0];
  outcome.to = request.ends[reverse ? 0 : 1];
  outcome.parameters["size"] = std::to_string(number.size.count);
  if (number.shape != Shape::latency) {
    outcome.parameters["direction"] = number.shape == Shape::both_ways ? "both_ways" : "one_way";
  }
  outcome.parameters.merge(rdma_parameters(request, number));
  return outcome;
}

std::string words_for(const Request& request, const Number& number) {
  const Outcome outcome = outcome_of(request, number);
  return outcome.from.node + "/" + outcome.from.device + " to " + outcome.to.node + "/" +
         outcome.to.device + " " +
         (number.shape == Shape::latency
              ? "latency"
              : format_size(number.size) + " " + outcome.parameters.at("direction"));
}

class PairProbe final : public Probe {
 public:
  PairProbe(PairDrivers drivers, LinkReader read_links, Patience patience)
      : paths_(std::move(drivers.paths)),
        rdma_(std::move(drivers.rdma)),
        rdma_paths_(std::move(drivers.rdma_paths)),
        read_links_(std::move(read_links)),
        patience_(patience) {}

  std::string name() const override { return "pair"; }

  std::vector<Outcome> planned(const Request& request) const override {
    std::vector<Outcome> outcomes;
    if (request.rank != 0 || !check_request(request)) return outcomes;
    const auto numbers = numbers_of(request);
    if (!numbers) return outcomes;
    for (const Number& number : *numbers)
      outcomes.push_back(outcome_of(request, number));
    return outcomes;
  }

  std::optional<std::string> inapplicable(const Task& task) const override {
    const auto transport = transport_of(task.request).value_or(Transport::sockets);
    if (transport != Transport::sockets && !rdma_) return rdma_.error().message;
    if (transport == Transport::library && !rdma_paths_) return rdma_paths_.error().message;
    if (transport != Transport::sockets) return std::nullopt;
    if (paths_) return std::nullopt;
    return paths_.error().message;
  }

  Status run(const Task& task) override {
    if (auto good = check_request(task.request); !good) return good;
    auto numbers = numbers_of(task.request);
    if (!numbers) return tl::unexpected(numbers.error());
    if (task.rendezvous == nullptr)
      return fail(ErrorCode::invalid_input, "a pair needs a rendezvous");
    const auto subnets = task.request.options.find("peer_subnets");
    auto allowed = Subnets::parse(subnets == task.request.options.end() ? "" : subnets->second);
    if (!allowed) return tl::unexpected(allowed.error());
    PairWorld world{
        paths_ ? paths_->get() : nullptr, read_links_, patience_, {}, std::move(*allowed), {}, {}};
    if (numbers->front().over_rdma || numbers->front().by_library) world.rdma = rdma_->get();
    if (numbers->front().by_library) world.paths = rdma_paths_->get();
    std::optional<Trouble> trouble;
    for (const Number& number : *numbers) {
      const double share = static_cast<double>(number.index) / static_cast<double>(numbers->size());
      task.sink.step(words_for(task.request, number), share);
      const Moment started = task.clock.now();
      OrTrouble<Record> record = tl::unexpected(Trouble{});
      if (!trouble) record = measure_number(task, world, number);
      if (!trouble && !record) trouble = record.error();
      if (task.request.rank != 0) continue;
      Outcome outcome = outcome_of(task.request, number);
      outcome.took = in_seconds(task.clock.now() - started);
      if (trouble) outcome.result = Failed{trouble->error, trouble->blamed};
      if (!trouble) outcome.result = measured(task, number, *record, outcome.took);
      outcome.finished_at = task.clock.wall_time();
      if (auto given = task.sink.outcome(outcome); !given) return given;
    }
    return {};
  }

 private:
  Measured measured(const Task& task, const Number& number, const Record& record,
                    Seconds took) const {
    const double width = task.request.budget.width;
    Measured measured = number.shape == Shape::latency ? summarise_latency(record.batches, width)
                                                       : summarise_bandwidth(record.batches, width);
    if (!record.doubt.empty() && !measured.conclusive) measured.doubt += "; " + record.doubt;
    const int from = number.shape == Shape::reverse ? 1 : 0;
    if (number.over_rdma || number.by_library) {
      const std::string library = number.over_rdma ? (*rdma_)->name() : (*rdma_paths_)->name();
      measured.counters = rdma_counters(task.request, record, from);
      measured.proof = prove_rdma({task.request, number, record, took, library});
    } else {
      measured.counters = counters_of(task.request, record, from);
      measured.proof = prove({task.request, number, record, took, (*paths_)->name()});
    }
    return measured;
  }

  Result<std::unique_ptr<PathDriver>> paths_;
  Result<std::unique_ptr<RdmaDriver>> rdma_;
  Result<std::unique_ptr<PathDriver>> rdma_paths_;
  LinkReader read_links_;
  Patience patience_;
};

}  // namespace

std::unique_ptr<Probe> pair_probe(PairDrivers drivers, LinkReader read_links, Patience patience) {
  return std::make_unique<PairProbe>(std::move(drivers), std::move(read_links), patience);
}

}  // namespace plumbline::probes
