#include "probes/pair/below_proof.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace plumbline::probes {

namespace {

const Link* link_of(const std::vector<Link>& links, const std::string& name) {
  const auto found =
      std::find_if(links.begin(), links.end(), [&](const Link& link) { return link.name == name; });
  return found == links.end() ? nullptr : &*found;
}

double grown(std::uint64_t from, std::uint64_t to) {
  return static_cast<double>(to > from ? to - from : 0);
}

std::string megabytes(double bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f MB", std::max(0.0, bytes) / 1e6);
  return text.data();
}

/// One end's network device.
class BelowWitness {
 public:
  BelowWitness(const Witness& witness, std::size_t rank, const PortCount& port)
      : witness_(witness), rank_(rank), end_(witness.request.ends[rank]), port_(port) {
    for (const std::string& name : port.netdevs) {
      if (after_ != nullptr) break;
      before_ = link_of(witness.record.before[rank], name);
      after_ = before_ == nullptr ? nullptr : link_of(witness.record.after[rank], name);
    }
  }

  bool there() const { return after_ != nullptr; }

  Proof moved(bool sent, std::uint64_t payload) const {
    const auto from = sent ? before_->sent_bytes : before_->received_bytes;
    const auto to = sent ? after_->sent_bytes : after_->received_bytes;
    const Idle& rate = witness_.record.idle_below[rank_];
    const double idle = (sent ? rate.sent : rate.received) * witness_.took.value;
    const double least = static_cast<double>(payload);
    Proof proof{"counter",
                end_,
                "/sys/class/net/" + after_->name + "/statistics/" + (sent ? "tx" : "rx") + "_bytes",
                {},
                static_cast<double>(from),
                static_cast<double>(to),
                least,
                grown(from, to) - idle >= least};
    proof.statement = std::string(sent ? "sent " : "received ") + megabytes(grown(from, to)) +
                      " over " + after_->name + " under " + port_.port + ", payload " +
                      megabytes(least) + ", idle " + megabytes(idle);
    return proof;
  }

  Proof others(std::uint64_t payload, bool own) const {
    std::string busiest = "none";
    double most = 0;
    for (const Link& link : witness_.record.after[rank_]) {
      const Link* before = link_of(witness_.record.before[rank_], link.name);
      const auto& names = port_.netdevs;
      const bool its = std::find(names.begin(), names.end(), link.name) != names.end();
      if (link.loopback || its || before == nullptr) continue;
      const double both = grown(before->sent_bytes, link.sent_bytes) +
                          grown(before->received_bytes, link.received_bytes);
      if (both < most) continue;
      most = both;
      busiest = link.name;
    }
    Proof proof{"counter", end_, "/sys/class/net/*/statistics", {}, {}, {}, {}, false};
    const double limit = static_cast<double>(payload) / 2;
    proof.holds = own || most < limit;
    proof.statement =
        "busiest other network device: " + busiest + ", " + megabytes(most) + " both ways";
    if (own && most >= limit) proof.statement += ", besides what the claimed one moved";
    return proof;
  }

 private:
  const Witness& witness_;
  std::size_t rank_;
  const Endpoint& end_;
  const PortCount& port_;
  const Link* before_ = nullptr;
  const Link* after_ = nullptr;
};

}  // namespace

std::vector<Proof> prove_below(const Witness& witness, std::size_t rank, const PortCount& port) {
  const BelowWitness below(witness, rank, port);
  const auto& received = witness.record.received;
  std::vector<Proof> proof;
  if (!port.through_kernel || !below.there()) return proof;
  if (received[1 - rank] > 0) proof.push_back(below.moved(true, received[1 - rank]));
  if (received[rank] > 0) proof.push_back(below.moved(false, received[rank]));
  const bool own =
      std::all_of(proof.begin(), proof.end(), [](const Proof& one) { return one.holds; });
  if (witness.number.shape != Shape::latency) {
    proof.push_back(below.others(received[0] + received[1], own));
  }
  return proof;
}

}  // namespace plumbline::probes
