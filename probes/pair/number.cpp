#include "probes/pair/number.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "probes/pair/idle.hpp"
#include "probes/pair/rdma_proof.hpp"
#include "probes/pair/rdma_side.hpp"

namespace plumbline::probes {

namespace {

/// So many batches without a single byte after good ones, and the path counts as gone.
constexpr std::size_t kMostSilent = 2;

std::vector<double> values_of(const std::vector<Batch>& batches) {
  std::vector<double> values;
  for (const Batch& batch : batches)
    values.push_back(batch.value);
  return values;
}

/// Two directions at the same time as one batch: their sum.
Batch sum_of(const Batch& one, const Batch& other) {
  Batch both;
  both.value = one.value + other.value;
  both.payload = Bytes{one.payload.count + other.payload.count};
  for (std::size_t i = 0; i < std::min(one.windows.size(), other.windows.size()); ++i) {
    both.windows.push_back(one.windows[i] + other.windows[i]);
  }
  return both;
}

void add_words(std::vector<std::string>& words, const std::vector<std::string>& more) {
  for (const auto& word : more) {
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  }
}

/// Of an RDMA port when there is one over the device or of its name, else of the network device.
std::string state_of(const Closing& closing, const std::string& device) {
  if (const PortCount* port = find_port(closing.ports, device)) return port->state;
  const auto link = find_link(closing.links, device);
  return link ? link->state : "gone";
}

/// "; node-3/ens1 is lowerlayerdown" for the ends whose device is not up, and who they are.
std::pair<std::string, std::string> ends_without_carrier(const Meeting& meeting,
                                                         const Request& request,
                                                         const std::array<Closing, 2>& closings) {
  std::string text;
  std::string blamed;
  std::size_t count = 0;
  for (std::size_t rank = 0; rank < closings.size(); ++rank) {
    const std::string state = state_of(closings[rank], request.ends[rank].device);
    if (state == "up" || state == "unknown" || state == "ACTIVE") continue;
    text += "; " + meeting.name_of(static_cast<int>(rank)) + " is " + state;
    blamed = request.ends[rank].node;
    ++count;
  }
  return {text, count == 1 ? blamed : std::string{}};
}

/// One number under way.
class NumberRun {
 public:
  NumberRun(const Task& task, PairWorld& world, const Number& number)
      : task_(task),
        world_(world),
        number_(number),
        meeting_(task.request, *task.rendezvous),
        started_(task.clock.now()) {}

  OrTrouble<Record> run() {
    for (std::uint64_t batch = 0;; ++batch) {
      auto more = one_batch(batch);
      if (!more) return tl::unexpected(more.error());
      if (!*more) break;
    }
    if (!record_.batches.empty()) return std::move(record_);
    return tl::unexpected(Trouble{{ErrorCode::deadline_exceeded, "no time was left for it"}, {}});
  }

 private:
  /// False when rank 0 has said that it is enough.
  OrTrouble<bool> one_batch(std::uint64_t batch) {
    // Kernels take their time to give back a queue pair whose link went away.
    const auto company = world_.patience.company * (number_.over_rdma ? 2 : 1);
    std::unique_ptr<BatchSide> end;
    Opening mine;
    mine.go = meeting_.rank() != 0 || wanted();
    if (mine.go) {
      end = begin();
      mine = end->opening();
    }
    auto openings = meeting_.exchange(mine, Deadline::after(company).earlier(task_.deadline));
    if (!openings) return tl::unexpected(openings.error());
    if (!(*openings)[0].go) return false;
    if (auto bad = first_error(*openings)) return tl::unexpected(std::move(*bad));
    keep(*openings, batch == 0);
    const Closing closing =
        end->measure((*openings)[static_cast<std::size_t>(1 - meeting_.rank())], batch);
    // Both ends began together and each is bounded by the same schedule: nobody is far behind.
    auto closings = meeting_.exchange(closing, Deadline::after(company).earlier(task_.deadline));
    if (!closings) return tl::unexpected(closings.error());
    if (meeting_.rank() == 0 && closing.batch) (*closings)[0].batch = closing.batch;
    if (auto bad = add(*closings)) return tl::unexpected(std::move(*bad));
    return true;
  }

  /// Counters as the first batch found them; the idle rates of the stillest one.
  void keep(const std::array<Opening, 2>& openings, bool first) {
    for (std::size_t rank : {0U, 1U}) {
      const Opening& opening = openings[rank];
      if (first) {
        record_.before[rank] = opening.links;
        record_.ports_before[rank] = opening.ports;
        record_.idle[rank] = opening.idle;
        record_.idle_below[rank] = opening.below;
      }
      keep_least(record_.idle[rank], opening.idle);
      keep_least(record_.idle_below[rank], opening.below);
    }
  }

  /// A look that saw nothing at all needs no other: no rate is less.
  bool moves_when_idle() const {
    const auto rank = static_cast<std::size_t>(meeting_.rank());
    return moves(record_.idle[rank]) || moves(record_.idle_below[rank]);
  }

  std::unique_ptr<BatchSide> begin() {
    if (record_.batches.empty() || moves_when_idle()) look_at_idle(task_, world_);
    if (number_.over_rdma) return std::make_unique<RdmaSide>(task_, world_, number_);
    return std::make_unique<BatchEnd>(task_, world_, number_);
  }

  bool wanted() {
    const Budget& budget = task_.request.budget;
    const double next = in_seconds(world_.patience.stall + 2 * world_.patience.warm_up).value +
                        2 * budget.batch.value;
    if (in_seconds(task_.deadline.left()).value < next) {
      record_.doubt = "the request's time limit ended it";
      return false;
    }
    if (record_.batches.empty()) return true;
    const Seconds spent = in_seconds(task_.clock.now() - started_);
    const Bytes moved{record_.received[0] + record_.received[1]};
    return !StopRule(budget).stop(values_of(record_.batches), spent, moved);
  }

  std::optional<Trouble> first_error(const std::array<Opening, 2>& openings) const {
    for (int rank : {0, 1}) {
      const auto& error = openings[static_cast<std::size_t>(rank)].error;
      if (!error) continue;
      return Trouble{{error->code, meeting_.name_of(rank) + ": " + error->message},
                     meeting_.node_of(rank)};
    }
    return std::nullopt;
  }

  std::optional<Trouble> add(const std::array<Closing, 2>& closings) {
    for (std::size_t rank = 0; rank < closings.size(); ++rank) {
      record_.after[rank] = closings[rank].links;
      record_.ports_after[rank] = closings[rank].ports;
      record_.received[rank] += closings[rank].received;
      add_words(record_.tally[rank].transports, closings[rank].tally.transports);
      add_words(record_.tally[rank].locals, closings[rank].tally.locals);
      record_.tally[rank].retransmits += closings[rank].tally.retransmits;
      record_.tally[rank].segments += closings[rank].tally.segments;
    }
    if (auto bad = wrong(closings)) return bad;
    if (useless(closings)) {
      ++silent_;
      if (record_.batches.empty() || silent_ >= kMostSilent) return dead(closings);
      // A stream that gave nothing in its time has a goodput of 0; a lost pong has no latency.
      if (number_.shape == Shape::latency) return std::nullopt;
    } else {
      silent_ = 0;
    }
    Batch batch = closings[0].batch.value_or(Batch{});
    if (closings[1].batch)
      batch = closings[0].batch ? sum_of(batch, *closings[1].batch) : *closings[1].batch;
    record_.batches.push_back(std::move(batch));
    return std::nullopt;
  }

  bool useless(const std::array<Closing, 2>& closings) const {
    if (number_.shape == Shape::latency) return closings[0].error || closings[0].silent;
    return closings[0].silent || closings[1].silent;
  }

  /// What no further batch would make better.
  std::optional<Trouble> wrong(const std::array<Closing, 2>& closings) const {
    for (int rank : {0, 1}) {
      const auto& error = closings[static_cast<std::size_t>(rank)].error;
      if (!error) continue;
      if (error->code == ErrorCode::permission_denied) return Trouble{*error, {}};
      // Something of this end's own is missing.
      if (error->code == ErrorCode::not_found) {
        return Trouble{{error->code, meeting_.name_of(rank) + ": " + error->message},
                       meeting_.node_of(rank)};
      }
      if (error->code != ErrorCode::data_corrupt) continue;
      return Trouble{{error->code, "from " + meeting_.name_of(1 - rank) + " to " +
                                       meeting_.name_of(rank) + ": " + error->message},
                     {}};
    }
    return std::nullopt;
  }

  Trouble dead(const std::array<Closing, 2>& closings) const {
    const auto [ends, blamed] = ends_without_carrier(meeting_, task_.request, closings);
    std::string text = "nothing arrived between " + meeting_.name_of(0) + " and " +
                       meeting_.name_of(1) + " within " +
                       format_time(in_seconds(world_.patience.silence)) + ends;
    for (const Closing& closing : closings) {
      if (closing.error) text += "; " + closing.error->message;
    }
    return {{ends.empty() ? ErrorCode::unavailable : ErrorCode::no_carrier, text}, blamed};
  }

  const Task& task_;
  PairWorld& world_;
  Number number_;
  Meeting meeting_;
  Moment started_;
  Record record_;
  std::size_t silent_ = 0;
};

}  // namespace

OrTrouble<Record> measure_number(const Task& task, PairWorld& world, const Number& number) {
  return NumberRun(task, world, number).run();
}

}  // namespace plumbline::probes
