#include <algorithm>

#include "netcheck/rules/inside.hpp"
#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

std::string kubelet_source(const InsideJudgement& one) {
  const std::string node = one.pod->binding.value;
  return "kubelet of " + node + " (" +
         (one.told->holdings ? one.told->holdings->source : std::string("silent")) + ")";
}

std::string node_text(const DeviceNode& node) {
  std::string text = node.path;
  if (node.kind == "rdma" && !node.device.empty()) text += " (" + node.device + ")";
  text += node.number.empty() ? " no character device" : " " + node.number;
  text += node.opens ? " opens" : " does not open: " + node.problem;
  return node.stand_in ? text + ", a stand-in" : text;
}

std::vector<std::string> numbers(const std::vector<int>& all) {
  std::vector<std::string> words;
  for (const int one : all)
    words.push_back(std::to_string(one));
  return words;
}

void add_evidence(const InsideJudgement& one, Finding& finding) {
  finding.evidence.push_back(
      {kubelet_source(one), one.given.words.empty() ? "nothing" : listed(one.given.words), ""});
  const std::string source =
      "inside pod " + one.pod->binding.name + " on " + one.pod->binding.value;
  if (!one.told->topology || !one.told->topology->inside) return;
  const Topology& seen = *one.told->topology;
  const std::string time = seen.read_at;
  for (const DeviceNode& node : seen.inside->nodes)
    finding.evidence.push_back({source, node_text(node), time});
  if (seen.inside->nodes.empty())
    finding.evidence.push_back({source, "no device node of a GPU, RDMA or IMEX", time});
  for (const auto& [name, value] : seen.inside->environment)
    finding.evidence.push_back({source, name + "=" + value, time});
  for (const NetworkDevice& device : seen.network_devices)
    finding.evidence.push_back({source, describe(device), time});
  if (!seen.inside->memory_nodes.empty()) {
    finding.evidence.push_back(
        {source,
         "NUMA nodes allowed: " + listed(numbers(seen.inside->memory_nodes)) + ", " +
             std::to_string(seen.inside->cpus.size()) + " CPUs",
         time});
  }
}

Finding begin(const InsideJudgement& one, Verdict verdict) {
  Finding finding;
  finding.rule = "X04";
  finding.tier = "A";
  finding.verdict = verdict;
  finding.subject = {"pod", one.pod->binding.name, one.pod->binding.value, ""};
  finding.claim = one.pod->binding;
  add_evidence(one, finding);
  return finding;
}

std::string title(const InsideJudgement& one) {
  const std::string kind = one.pod->workload == kBareWorkload ? ", which asked for no device," : "";
  return "Pod " + one.pod->binding.name + " on " + one.pod->binding.value + kind;
}

std::string given_text(const InsideJudgement& one) {
  return one.given.words.empty() ? "nothing" : listed(one.given.words);
}

std::string kind_text(const InsideFault& fault) {
  if (fault.kind == "nic") return "network interface ";
  return "";
}

/// Another pod of the stage on the node that was given it; empty when none was.
std::string owner_of(const std::vector<InsideJudgement>& all, const InsideJudgement& one,
                     const InsideFault& fault) {
  for (const InsideJudgement& other : all) {
    if (other.pod == one.pod || other.pod->binding.value != one.pod->binding.value) continue;
    const auto has = [&](const std::set<std::string>& names, const std::string& path) {
      return std::any_of(names.begin(), names.end(),
                         [&](const std::string& name) { return fault.has == path + name; });
    };
    const bool its = has(other.given.gpus.names, "/dev/nvidia") ||
                     has(other.given.nics.names, "") || has(other.given.uuids.names, "") ||
                     has(other.given.channels.names, "/dev/nvidia-caps-imex-channels/channel");
    if (its) return other.pod->binding.name;
  }
  return "";
}

Finding fault_finding(const std::vector<InsideJudgement>& all, const InsideJudgement& one,
                      const InsideFault& fault) {
  Finding finding = begin(one, Verdict::violation);
  const std::string given = ": the kubelet says that it was given " + given_text(one);
  std::string text = title(one);
  if (!fault.lacks.empty() && !fault.has.empty()) {
    text += " has " + kind_text(fault) + fault.has + " in place of " + fault.lacks;
  } else if (!fault.has.empty()) {
    text += " finds " + kind_text(fault) + fault.has + ", which it was not given";
  } else {
    text += " lacks " + kind_text(fault) + fault.lacks;
  }
  if (!fault.problem.empty()) text += " (" + fault.problem + ")";
  text += given;
  if (const auto owner = fault.has.empty() ? "" : owner_of(all, one, fault); !owner.empty())
    text += "; " + fault.has + " was given to pod " + owner;
  finding.message = text + ".";
  finding.next_step =
      fault.has.empty()
          ? "Look at the log of the device plugin or driver on " + one.pod->binding.value +
                ": it told the kubelet of a device that it did not put into the container."
          : "Look at the device plugin, the CDI specifications and the container runtime's default "
            "on " +
                one.pod->binding.value +
                ": workloads there reach devices that belong to others (nobody's claim, or a "
                "NVIDIA runtime that shows every GPU).";
  return finding;
}

Finding unseen(const InsideJudgement& one) {
  Finding finding = begin(one, Verdict::unobservable);
  finding.message = title(one) + " was given " + given_text(one) +
                    ", but whether it finds just that inside is not known: " + one.unknown + ".";
  finding.next_step = one.given.opaque.empty()
                          ? "Make the pod's agent and the node's agent answer, and run again."
                          : "Give such devices by DRA, or by a plugin that names them by interface "
                            "or PCI address.";
  return finding;
}

Finding exact(const InsideJudgement& one) {
  Finding finding = begin(one, Verdict::match);
  finding.message =
      one.given.words.empty()
          ? title(one) + " finds no device node of a GPU, RDMA or IMEX inside."
          : title(one) + " finds inside what it was given, and no other: " + given_text(one) + ".";
  if (one.shares_network)
    finding.message +=
        " It is in the node's network namespace, so that interfaces of others are "
        "not judged.";
  if (!one.given.opaque.empty())
    finding.message += " Of " + listed(one.given.opaque) + " nothing inside tells.";
  if (one.stand_ins) finding.message += " Its device nodes are stand-ins, not evidence.";
  finding.next_step = "Nothing to do.";
  return finding;
}

}  // namespace

std::vector<Finding> x04_inside(const Facts& facts) {
  std::vector<Finding> findings;
  const auto all = judge_inside(facts);
  for (const InsideJudgement& one : all) {
    for (const InsideFault& fault : one.faults)
      findings.push_back(fault_finding(all, one, fault));
    if (!one.unknown.empty()) findings.push_back(unseen(one));
    if (one.exact()) findings.push_back(exact(one));
  }
  return findings;
}

}  // namespace plumbline::netcheck
