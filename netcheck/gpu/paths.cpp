#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "netcheck/gpu/claimed.hpp"
#include "netcheck/gpu/gpu_rules.hpp"
#include "netcheck/lookup.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

constexpr const char* kRule = "gpu_path";
constexpr std::size_t kPairsForGpu = 2;  ///< so many slow pairs, and no good one, accuse the GPU

/// One directed way between two places of a node.
using Way = std::pair<std::string, std::string>;

/// The numbers of one node that accuse or clear ways between its GPUs.
struct Ways {
  std::map<Way, const Outcome*> slow;
  std::set<Way> good;
};

bool is_gpu(const std::string& device) {
  return device.rfind("GPU-", 0) == 0 || device.rfind("MIG-", 0) == 0;
}

/// Between two GPUs, within one process or by one process into another's memory.
bool is_peer_copy(const Outcome& outcome) {
  const bool copy = outcome.probe == "gpu_copy" || outcome.probe == "gpu_pair";
  return copy && is_gpu(outcome.from.device) && is_gpu(outcome.to.device) &&
         outcome.from.device != outcome.to.device;
}

Ways ways_of(const Facts& facts, const std::string& node, const std::set<std::string>& degraded) {
  Ways ways;
  for (const Outcome* outcome : latest_outcomes(facts)) {
    const bool one_way = parameter(*outcome, "traffic") == "one_way";
    if (!is_peer_copy(*outcome) || outcome->from.node != node || !one_way ||
        outcome->measured() == nullptr)
      continue;
    const Way way{outcome->from.device, outcome->to.device};
    if (degraded.count(outcome->key()) > 0) {
      ways.slow.emplace(way, outcome);
    } else {
      ways.good.insert(way);
    }
  }
  for (const auto& [way, outcome] : ways.slow)
    ways.good.erase(way);
  return ways;
}

std::string end_of(const Endpoint& end) { return end.device.empty() ? end.node : end.device; }

std::string way_of(const Outcome& outcome) {
  return end_of(outcome.from) + " -> " + end_of(outcome.to) + " on " + outcome.from.node;
}

Finding about(const Outcome& outcome, Verdict verdict) {
  const std::string& node = outcome.from.node;
  Subject subject{"gpu_pair", node + "/" + outcome.from.device + " -> " + outcome.to.device, node,
                  ""};
  if (outcome.from.device == outcome.to.device || !is_gpu(outcome.from.device)) {
    subject = gpu_subject(node, outcome.to.device);
  } else if (!is_gpu(outcome.to.device)) {
    subject = gpu_subject(node, outcome.from.device);
  }
  Finding finding = gpu_finding(kRule, "C", verdict, std::move(subject));
  finding.measurement = outcome.key();
  return finding;
}

std::string rate_of(const Outcome& outcome) { return format_rate({outcome.measured()->value}); }

Finding slow_way(const Outcome& outcome) {
  Finding finding = about(outcome, Verdict::degraded);
  finding.message =
      way_of(outcome) + " copies at " + rate_of(outcome) + ", below what its links should give.";
  finding.next_step =
      "Look at the links of both ends (nvidia-smi nvlink -e, lspci -vv) and at "
      "throttling, then measure this pair alone.";
  return finding;
}

Finding slow_gpu(const std::string& node, const std::string& uuid, const char* way,
                 const std::vector<const Outcome*>& slow) {
  Finding finding = gpu_finding(kRule, "C", Verdict::degraded, gpu_subject(node, uuid));
  finding.measurement = slow.front()->key();
  for (const Outcome* outcome : slow)
    finding.evidence.push_back({outcome->key(), rate_of(*outcome), outcome->finished_at});
  finding.message = "GPU " + uuid + " on " + node + " " + way + " too slowly with each of " +
                    std::to_string(slow.size()) + " others, while they do well among themselves.";
  finding.next_step = "Look at the NVLinks and the PCIe link of this GPU on " + node +
                      " (nvidia-smi nvlink -e, lspci -vv), and at its clocks.";
  return finding;
}

/// The slow ways that leave (or enter) a GPU when no way that does so is good.
std::vector<const Outcome*> all_slow(const Ways& ways, const std::string& uuid, bool leaving) {
  const auto end = [&](const Way& way) { return leaving ? way.first : way.second; };
  for (const Way& way : ways.good) {
    if (end(way) == uuid) return {};
  }
  std::vector<const Outcome*> slow;
  for (const auto& [way, outcome] : ways.slow) {
    if (end(way) == uuid) slow.push_back(outcome);
  }
  return slow.size() < kPairsForGpu ? std::vector<const Outcome*>{} : slow;
}

/// GPUs first, then the pairs that no GPU explains. `told` collects the explained ways.
void add_slow_peers(const std::string& node, const Ways& ways, std::set<Way>& told,
                    std::vector<Finding>& findings) {
  std::set<std::string> gpus;
  for (const auto& [way, outcome] : ways.slow)
    gpus.insert({way.first, way.second});
  const bool others_do_well = !ways.good.empty();
  for (const bool leaving : {true, false}) {
    for (const std::string& uuid : gpus) {
      const auto slow = all_slow(ways, uuid, leaving);
      if (slow.empty() || !others_do_well) continue;
      const bool news = std::any_of(slow.begin(), slow.end(), [&](const Outcome* outcome) {
        return told.count({outcome->from.device, outcome->to.device}) == 0;
      });
      if (!news) continue;
      findings.push_back(slow_gpu(node, uuid, leaving ? "sends" : "receives", slow));
      for (const Outcome* outcome : slow)
        told.insert({outcome->from.device, outcome->to.device});
    }
  }
  for (const auto& [way, outcome] : ways.slow) {
    if (told.insert(way).second) findings.push_back(slow_way(*outcome));
  }
}

/// Numbers of other kinds that are low and that no slow way explains.
void add_other_slow(const Facts& facts, const std::string& node,
                    const std::set<std::string>& degraded, std::set<Way>& told,
                    std::vector<Finding>& findings) {
  for (const Outcome* outcome : latest_outcomes(facts)) {
    if (outcome->from.node != node || degraded.count(outcome->key()) == 0) continue;
    if (outcome->probe.rfind("gpu_", 0) != 0 || outcome->measured() == nullptr) continue;
    const Way way{outcome->from.device, outcome->to.device};
    const bool explained = told.count(way) > 0 || told.count({way.second, way.first}) > 0;
    if (explained) continue;
    told.insert(way);
    findings.push_back(slow_way(*outcome));
  }
}

Finding failed(const Outcome& outcome) {
  const Failed& failed = *outcome.failed();
  Finding finding = about(outcome, Verdict::violation);
  finding.evidence.push_back({outcome.key(), failed.error.message, outcome.finished_at});
  if (failed.error.code == ErrorCode::data_corrupt) {
    finding.message = way_of(outcome) + " delivers wrong bytes: " + failed.error.message + ".";
    finding.next_step = "Take both GPUs of " + outcome.from.node +
                        " out of use; run this pair alone to tell the sender from the receiver.";
  } else {
    finding.message = way_of(outcome) + " did not come back: " + failed.error.message + ".";
    finding.next_step = "Look for Xid messages in dmesg on " + outcome.from.node +
                        ", and reset the GPUs of this pair.";
  }
  return finding;
}

/// The first counter of the other kind of path that a number has as proof against it.
const Proof* against(const Outcome& outcome) {
  if (outcome.measured() == nullptr) return nullptr;
  for (const Proof& proof : outcome.measured()->proof) {
    if (proof.kind == "counter" && !proof.holds) return &proof;
  }
  return nullptr;
}

void add_failures(const Facts& facts, const std::string& node, std::vector<Finding>& findings) {
  std::set<Way> told;
  for (const Outcome* outcome : latest_outcomes(facts)) {
    if (outcome->from.node != node || outcome->probe.rfind("gpu_", 0) != 0) continue;
    const Way way{outcome->from.device, outcome->to.device};
    if (const Failed* wrong = outcome->failed()) {
      const bool path = wrong->error.code == ErrorCode::data_corrupt ||
                        wrong->error.code == ErrorCode::deadline_exceeded;
      if (path && !outcome->to.device.empty() && told.insert(way).second) {
        findings.push_back(failed(*outcome));
      }
    }
    const Proof* proof = against(*outcome);
    if (proof == nullptr || !is_peer_copy(*outcome) || !told.insert(way).second) continue;
    Finding finding = about(*outcome, Verdict::violation);
    finding.evidence.push_back({proof->source, proof->statement, outcome->finished_at});
    finding.message = way_of(*outcome) + " should go over NVLink, but " + proof->statement + ".";
    finding.next_step = "Look at peer access and at the NVLinks of both GPUs on " + node + ".";
    findings.push_back(std::move(finding));
  }
}

}  // namespace

std::vector<Finding> gpu_paths_judged(const Facts& facts,
                                      const std::vector<std::string>& degraded) {
  const std::set<std::string> low(degraded.begin(), degraded.end());
  std::vector<Finding> findings;
  for (const NodeFacts& node : facts.nodes) {
    add_failures(facts, node.node, findings);
    std::set<Way> told;
    add_slow_peers(node.node, ways_of(facts, node.node, low), told, findings);
    add_other_slow(facts, node.node, low, told, findings);
  }
  return findings;
}

}  // namespace plumbline::netcheck
