#include "probes/pair/rdma_proof.hpp"

#include <algorithm>
#include <cmath>

#include "probes/drivers/verbs/port_counters.hpp"
#include "probes/pair/below_proof.hpp"

namespace plumbline::probes {

namespace {

constexpr double kSmallestMtu = 256;
constexpr double kLargestMtu = 4096;

std::string amount(double count, bool packets) {
  if (packets) return std::to_string(static_cast<std::uint64_t>(count)) + " packets";
  if (count < 1e5) return format_size(Bytes{static_cast<std::uint64_t>(std::max(0.0, count))});
  std::string text = std::to_string(count / 1e6);
  text.erase(text.find('.') + 2);
  return text + " MB";
}

const PortCount* count_of(const std::vector<PortCount>& counts, const std::string& port) {
  const auto found = std::find_if(counts.begin(), counts.end(),
                                  [&](const PortCount& one) { return one.port == port; });
  return found == counts.end() ? nullptr : &*found;
}

double total_growth(const PortCount& before, const PortCount& after) {
  const auto sent = growth(before.sent, after.sent, after.bits, after.factor);
  const auto received = growth(before.received, after.received, after.bits, after.factor);
  return static_cast<double>(sent.value_or(0)) + static_cast<double>(received.value_or(0));
}

/// "... mtu 1024" at the end of a transport; without it the largest, so that a number of packets is
/// what there must have been at least.
double mtu_of(const std::vector<std::string>& transports) {
  for (const auto& transport : transports) {
    const auto at = transport.rfind(" mtu ");
    if (at == std::string::npos) continue;
    const double mtu = std::strtod(transport.c_str() + at + 5, nullptr);
    if (mtu >= kSmallestMtu) return mtu;
  }
  return kLargestMtu;
}

/// One end's signs.
class PortWitness {
 public:
  PortWitness(const Witness& witness, std::size_t rank, std::string port)
      : witness_(witness),
        rank_(rank),
        end_(witness.request.ends[rank]),
        tally_(witness.record.tally[rank]),
        port_(std::move(port)),
        before_(count_of(witness.record.ports_before[rank], port_)),
        after_(count_of(witness.record.ports_after[rank], port_)) {}

  void add_to(std::vector<Proof>& proof) const {
    proof.push_back(library());
    const auto& received = witness_.record.received;
    if (before_ == nullptr || after_ == nullptr) {
      proof.push_back(unread("no counters of " + port_ + " were read"));
      return;
    }
    if (!after_->sent || !before_->sent) {
      proof.push_back(
          unread("the data counters of " + port_ + " prove nothing: " + after_->problem));
      return;
    }
    const std::size_t first = proof.size();
    if (received[1 - rank_] > 0) proof.push_back(counter(true, received[1 - rank_]));
    if (received[rank_] > 0) proof.push_back(counter(false, received[rank_]));
    const bool own = std::all_of(proof.begin() + static_cast<std::ptrdiff_t>(first), proof.end(),
                                 [](const Proof& one) { return one.holds; });
    if (witness_.number.shape != Shape::latency) {
      proof.push_back(others(received[0] + received[1], own));
    }
  }

 private:
  Proof library() const {
    const char* const source = witness_.number.by_library ? "ucp_ep_print_info" : "ibv_query_qp";
    Proof proof{"library", end_, source, {}, {}, {}, {}, !tally_.transports.empty()};
    std::string words;
    for (const auto& transport : tally_.transports) {
      words += (words.empty() ? "" : ", ") + transport;
      proof.holds = proof.holds && names_port(transport);
    }
    proof.statement = witness_.library + " says it used " + (words.empty() ? "nothing" : words);
    return proof;
  }

  /// True for "rc write/mlx5_0:1 gid 3 ..." and "rc_verbs/mlx5_0:1.0", UCX's words.
  bool names_port(const std::string& transport) const {
    const std::string wanted = "/" + colon_name();
    const auto at = transport.find(wanted);
    if (at == std::string::npos) return false;
    const auto end = at + wanted.size();
    return end == transport.size() || transport[end] == ' ' || transport[end] == '.';
  }

  /// "mlx5_0:1", as the library's words have it.
  std::string colon_name() const {
    std::string name = port_;
    std::replace(name.begin(), name.end(), '/', ':');
    return name;
  }

  Proof unread(const std::string& statement) const {
    return {"counter", end_, "/sys/class/infiniband/" + port_, statement, {}, {}, {}, false};
  }

  /// What `payload` makes the counter grow by at least.
  double least(std::uint64_t payload) const {
    const auto bytes = static_cast<double>(payload);
    return after_->packets ? std::ceil(bytes / mtu_of(tally_.transports)) : bytes;
  }

  Proof counter(bool sent, std::uint64_t payload) const {
    const auto from = sent ? before_->sent : before_->received;
    const auto to = sent ? after_->sent : after_->received;
    const auto grown = growth(from, to, after_->bits, after_->factor);
    const Idle& rate = witness_.record.idle[rank_];
    const double idle = (sent ? rate.sent : rate.received) * witness_.took.value;
    Proof proof{"counter",
                end_,
                sent ? after_->sent_source : after_->received_source,
                {},
                static_cast<double>(from.value_or(0)),
                static_cast<double>(to.value_or(0)),
                least(payload) / after_->factor,
                false};
    const auto moved = static_cast<double>(grown.value_or(0));
    proof.holds = grown && moved - idle >= least(payload);
    proof.statement = std::string(sent ? "sent " : "received ") + amount(moved, after_->packets) +
                      " over " + port_ + ", payload makes " +
                      amount(least(payload), after_->packets) + ", idle " +
                      amount(idle, after_->packets);
    return proof;
  }

  /// Another port that is busy is another rail that is measured, as long as this one moved its own.
  Proof others(std::uint64_t payload, bool own) const {
    std::string busiest = "no other RDMA port";
    double most = 0;
    bool packets = false;
    for (const PortCount& after : witness_.record.ports_after[rank_]) {
      const PortCount* before = count_of(witness_.record.ports_before[rank_], after.port);
      if (after.port == port_ || before == nullptr) continue;
      const double moved = total_growth(*before, after);
      if (moved < most) continue;
      most = moved;
      packets = after.packets;
      busiest = after.port;
    }
    Proof proof{"counter", end_, "/sys/class/infiniband/*/ports/*", {}, {}, {}, {}, false};
    const double limit = (packets ? least(payload) : static_cast<double>(payload)) / 2;
    proof.holds = own || most < limit;
    proof.statement =
        "busiest other RDMA port: " + busiest + ", " + amount(most, packets) + " both ways";
    if (own && most >= limit) proof.statement += ", besides what the claimed port moved";
    return proof;
  }

  const Witness& witness_;
  std::size_t rank_;
  const Endpoint& end_;
  const Tally& tally_;
  std::string port_;
  const PortCount* before_;
  const PortCount* after_;
};

}  // namespace

std::vector<Proof> prove_rdma(const Witness& witness) {
  std::vector<Proof> proof;
  for (std::size_t rank : {0U, 1U}) {
    const auto& device = witness.request.ends[rank].device;
    const PortCount* port = find_port(witness.record.ports_before[rank], device);
    PortWitness(witness, rank, port == nullptr ? device : port->port).add_to(proof);
    // Between two ports of one node a software device's packets do not leave it.
    const auto& ends = witness.request.ends;
    if (port == nullptr || ends[0].node == ends[1].node) continue;
    const auto below = prove_below(witness, rank, *port);
    proof.insert(proof.end(), below.begin(), below.end());
  }
  return proof;
}

Idle idle_between(const PortCount* before, const PortCount* after, Seconds span) {
  if (before == nullptr || after == nullptr) return {};
  const auto per_second = [&](const auto& from, const auto& to) {
    const auto grown = growth(from, to, after->bits, after->factor);
    return static_cast<double>(grown.value_or(0)) / span.value;
  };
  return {per_second(before->sent, after->sent), per_second(before->received, after->received)};
}

const PortCount* find_port(const std::vector<PortCount>& counts, const std::string& device) {
  std::string name = device;
  std::replace(name.begin(), name.end(), ':', '/');
  for (const PortCount& count : counts) {
    const bool whole = count.port == name || count.port.substr(0, count.port.find('/')) == name;
    const auto& over = count.netdevs;
    if (whole || std::find(over.begin(), over.end(), device) != over.end()) return &count;
  }
  return nullptr;
}

std::map<std::string, double> rdma_counters(const Request& request, const Record& record,
                                            int from_rank) {
  std::map<std::string, double> counters;
  for (std::size_t rank : {0U, 1U}) {
    const std::string end = static_cast<int>(rank) == from_rank ? "from." : "to.";
    const PortCount* before = find_port(record.ports_before[rank], request.ends[rank].device);
    const PortCount* after = find_port(record.ports_after[rank], request.ends[rank].device);
    if (before == nullptr || after == nullptr) continue;
    for (const auto& [name, value] : after->errors) {
      const auto old = before->errors.find(name);
      const bool grew = old != before->errors.end() && value > old->second;
      if (grew) counters[end + name] = static_cast<double>(value - old->second);
    }
    counters.emplace(end + "link_downed", 0);
  }
  return counters;
}

}  // namespace plumbline::probes
