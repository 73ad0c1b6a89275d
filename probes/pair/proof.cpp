#include "probes/pair/proof.hpp"

#include <algorithm>

namespace plumbline::probes {

namespace {

/// The counters that prove a path over TCP, with what they count. All are 64-bit bytes that do not
/// wrap: rtnl_link_stats64 of <linux/if_link.h>, the same figures as under /sys/class/net.
struct CounterRow {
  const char* name;
  std::uint64_t Link::*field;
  double Idle::*idle;
  const char* verb;
};
constexpr std::array<CounterRow, 2> kCounters{{
    {"tx_bytes", &Link::sent_bytes, &Idle::sent, "sent"},
    {"rx_bytes", &Link::received_bytes, &Idle::received, "received"},
}};

std::string megabytes(double bytes) {
  if (bytes < 1e5) return format_size(Bytes{static_cast<std::uint64_t>(std::max(0.0, bytes))});
  std::string text = std::to_string(bytes / 1e6);
  text.erase(text.find('.') + 2);
  return text + " MB";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "nothing" : text;
}

const Link* link_of(const std::vector<Link>& links, const std::string& name) {
  const auto found =
      std::find_if(links.begin(), links.end(), [&](const Link& link) { return link.name == name; });
  return found == links.end() ? nullptr : &*found;
}

double grown(const Link& before, const Link& after) {
  const auto one = [](std::uint64_t from, std::uint64_t to) {
    return static_cast<double>(to > from ? to - from : 0);
  };
  return one(before.sent_bytes, after.sent_bytes) +
         one(before.received_bytes, after.received_bytes);
}

/// One end's signs.
class EndWitness {
 public:
  EndWitness(const Witness& witness, std::size_t rank)
      : witness_(witness),
        rank_(rank),
        end_(witness.request.ends[rank]),
        tally_(witness.record.tally[rank]),
        before_(link_of(witness.record.before[rank], end_.device)),
        after_(link_of(witness.record.after[rank], end_.device)) {}

  void add_to(std::vector<Proof>& proof) const {
    proof.push_back(library());
    if (!tally_.locals.empty()) proof.push_back(addresses());
    if (before_ == nullptr || after_ == nullptr) return;
    const auto& received = witness_.record.received;
    if (received[1 - rank_] > 0) proof.push_back(counter(kCounters[0], received[1 - rank_]));
    if (received[rank_] > 0) proof.push_back(counter(kCounters[1], received[rank_]));
    if (witness_.number.shape != Shape::latency) proof.push_back(others(received[0] + received[1]));
  }

 private:
  Proof library() const {
    Proof proof{"library", end_, "ucp_ep_print_info", {}, {}, {}, {}, !tally_.transports.empty()};
    proof.statement = witness_.library + " says it used " + joined(tally_.transports);
    for (const auto& transport : tally_.transports) {
      const auto device = transport.substr(transport.find('/') + 1);
      proof.holds =
          proof.holds && (device == end_.device || device.rfind(end_.device + ".", 0) == 0);
    }
    return proof;
  }

  bool own_addresses() const {
    const Link* link = before_ != nullptr ? before_ : after_;
    return link != nullptr && !tally_.locals.empty() &&
           std::all_of(tally_.locals.begin(), tally_.locals.end(), [&](const std::string& local) {
             return std::any_of(link->addresses.begin(), link->addresses.end(),
                                [&](const std::string& address) {
                                  return address.substr(0, address.find('/')) == local;
                                });
           });
  }

  Proof addresses() const {
    Proof proof{"library", end_, "getsockname", {}, {}, {}, {}, own_addresses()};
    proof.statement = "connections from " + joined(tally_.locals) +
                      (proof.holds ? ", addresses of " : ", not only addresses of ") + end_.device;
    return proof;
  }

  Proof counter(const CounterRow& row, std::uint64_t payload) const {
    const auto before = static_cast<double>(before_->*row.field);
    const auto after = static_cast<double>(after_->*row.field);
    const double idle = witness_.record.idle[rank_].*row.idle * witness_.took.value;
    Proof proof{"counter",
                end_,
                "/sys/class/net/" + end_.device + "/statistics/" + row.name,
                {},
                before,
                after,
                static_cast<double>(payload),
                false};
    proof.holds = after - before - idle >= static_cast<double>(payload);
    proof.statement = std::string(row.verb) + " " + megabytes(after - before) + " over " +
                      end_.device + ", payload " + megabytes(static_cast<double>(payload)) +
                      ", idle " + megabytes(idle);
    return proof;
  }

  /// No other device moved half as much; or one did, and yet the connections were this device's.
  Proof others(std::uint64_t payload) const {
    std::string busiest = "no other device";
    double most = 0;
    for (const Link& link : witness_.record.after[rank_]) {
      const Link* before = link_of(witness_.record.before[rank_], link.name);
      if (link.loopback || link.name == end_.device || before == nullptr) continue;
      if (grown(*before, link) < most) continue;
      most = grown(*before, link);
      busiest = link.name;
    }
    Proof proof{"counter", end_, "/sys/class/net/*/statistics", {}, {}, {}, {}, false};
    const bool quiet = most < static_cast<double>(payload) / 2;
    proof.holds = quiet || own_addresses();
    proof.statement = "busiest other device: " + busiest + ", " + megabytes(most) + " both ways" +
                      (quiet ? "" : ", but the connections had addresses of " + end_.device);
    return proof;
  }

  const Witness& witness_;
  std::size_t rank_;
  const Endpoint& end_;
  const Tally& tally_;
  const Link* before_;
  const Link* after_;
};

}  // namespace

std::vector<Proof> prove(const Witness& witness) {
  std::vector<Proof> proof;
  for (std::size_t rank : {0U, 1U})
    EndWitness(witness, rank).add_to(proof);
  return proof;
}

std::map<std::string, double> counters_of(const Request& request, const Record& record,
                                          int from_rank) {
  std::map<std::string, double> counters;
  for (std::size_t rank : {0U, 1U}) {
    const std::string end = static_cast<int>(rank) == from_rank ? "from." : "to.";
    counters[end + "retransmits"] = static_cast<double>(record.tally[rank].retransmits);
    counters[end + "segments"] = static_cast<double>(record.tally[rank].segments);
    const Link* before = link_of(record.before[rank], request.ends[rank].device);
    const Link* after = link_of(record.after[rank], request.ends[rank].device);
    if (before == nullptr || after == nullptr) continue;
    counters[end + "carrier_downs"] =
        static_cast<double>(after->carrier_downs - before->carrier_downs);
    counters[end + "drops"] = static_cast<double>(after->dropped - before->dropped);
  }
  return counters;
}

}  // namespace plumbline::probes
