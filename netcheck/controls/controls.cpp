#include "netcheck/controls/controls.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

namespace plumbline::netcheck {
namespace {

constexpr std::size_t kMostQuoted = 8;

std::string in_seconds_text(Seconds span) {
  std::array<char, 32> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), "%.0f s", span.value));
  return text.data();
}

std::vector<const PlacedPod*> pods_of(const ControlAsk& ask, const std::vector<PlacedPod>& pods) {
  std::vector<const PlacedPod*> own;
  for (const PlacedPod& pod : pods) {
    if (pod.workload == ask.workload) own.push_back(&pod);
  }
  return own;
}

/// The Pod, where it is bound, and what its status says.
std::string quote(const PlacedPod& pod) {
  std::string text = "Pod " + pod.binding.name + " spec.nodeName = \"" + pod.binding.value + "\"";
  if (!pod.bound_at.empty()) text += " since " + pod.bound_at;
  if (!pod.scheduler.empty()) text += " by " + pod.scheduler;
  text += ", " + (pod.phase.empty() ? "no phase" : pod.phase);
  if (pod.binding.value.empty() && !pod.waiting.empty()) text += ", " + pod.waiting;
  if (!pod.ended.empty()) text += ", " + pod.ended;
  return text;
}

/// Ends with one full stop, whatever the server's own words end with.
std::string sentence(std::string text) {
  while (!text.empty() && text.back() == '.')
    text.pop_back();
  return text + ".";
}

std::vector<std::string> quotes(const std::vector<const PlacedPod*>& pods) {
  std::vector<std::string> lines;
  for (const PlacedPod* pod : pods) {
    if (lines.size() < kMostQuoted) lines.push_back(quote(*pod));
  }
  if (pods.size() > kMostQuoted)
    lines.push_back("and " + std::to_string(pods.size() - kMostQuoted) + " more");
  return lines;
}

std::string members_text(int members) {
  return std::to_string(members) + (members == 1 ? " pod" : " pods");
}

Verdict verdict_of(ControlState state) {
  if (state == ControlState::behaved) return Verdict::match;
  return state == ControlState::misbehaved ? Verdict::vacuous : Verdict::unclaimed;
}

std::string next_step(ControlState state) {
  if (state == ControlState::behaved) return "Nothing to do.";
  if (state == ControlState::not_applicable) return "Nothing to do; the reason stands above.";
  return "Find out why the cluster does not do this; until it does, a pass of this stage would say "
         "nothing.";
}

}  // namespace

Control judge_positive(const ControlAsk& ask, const std::vector<PlacedPod>& pods) {
  const auto own = pods_of(ask, pods);
  Control control{ask.name, ControlState::misbehaved, "", "", quotes(own)};
  control.expected = members_text(ask.members) + " that ask for " + ask.asks +
                     " each are bound and run within " + in_seconds_text(ask.needed) + ".";
  std::size_t running = 0;
  std::set<std::string> nodes;
  const PlacedPod* first = nullptr;
  for (const PlacedPod* pod : own) {
    const bool runs = !pod->binding.value.empty() && pod->phase == "Running";
    running += runs ? 1 : 0;
    if (runs) nodes.insert(pod->binding.value);
    if (!runs && first == nullptr) first = pod;
  }
  const auto wanted = static_cast<std::size_t>(ask.members);
  if (running >= wanted && wanted > 0) control.state = ControlState::behaved;
  control.seen = std::to_string(running) + " of " + std::to_string(ask.members) + " run, on " +
                 std::to_string(nodes.size()) + (nodes.size() == 1 ? " node" : " nodes");
  if (control.state != ControlState::behaved) {
    control.seen += own.empty()        ? "; no pod of it was made"
                    : first == nullptr ? "; only " + std::to_string(own.size()) + " were made"
                                       : "; first: " + quote(*first);
  }
  control.seen = sentence(control.seen);
  return control;
}

Control judge_negative(const ControlAsk& ask, const std::vector<PlacedPod>& pods) {
  const auto own = pods_of(ask, pods);
  Control control{ask.name, ControlState::misbehaved, "", "", quotes(own)};
  control.expected = members_text(ask.members) + " asking for " + ask.asks +
                     (ask.members == 1 ? "" : " each") + " must wait as Unschedulable for " +
                     in_seconds_text(ask.needed) + ", with no pod bound.";
  const auto bound = std::find_if(own.begin(), own.end(),
                                  [](const PlacedPod* pod) { return !pod->binding.value.empty(); });
  const auto unsaid = std::find_if(own.begin(), own.end(), [](const PlacedPod* pod) {
    return !pod->waiting.starts_with("Unschedulable");
  });
  const std::string after = " after " + in_seconds_text(ask.watched);
  if (bound != own.end()) {
    control.seen = "A pod was bound that could not fit: " + quote(**bound) + ".";
  } else if (ask.watched.value < ask.needed.value) {
    control.seen = "It was watched for " + in_seconds_text(ask.watched) + " only.";
  } else if (own.empty() && !ask.queued) {
    control.seen = "No pod of it was made" + after + ", so that no scheduler decided on it.";
  } else if (unsaid != own.end()) {
    control.seen = "A pod waits for another reason" + after + ": " + quote(**unsaid) + ".";
  } else {
    control.state = ControlState::behaved;
    control.seen = own.empty()
                       ? "Its queue made no pod" + after + "."
                       : std::to_string(own.size()) + " of " + std::to_string(ask.members) +
                             " were made, none was bound" + after + ": " + own.front()->waiting;
  }
  control.seen = sentence(control.seen);
  return control;
}

std::vector<Finding> control_findings(const Facts& facts) {
  std::vector<Finding> findings;
  if (!facts.workloads) return findings;
  for (const Control& control : facts.workloads->controls) {
    Finding finding;
    finding.rule = "control";
    finding.verdict = verdict_of(control.state);
    finding.subject = {"control", control.name, "", ""};
    finding.message = "The " + control.name + " control " +
                      (control.state == ControlState::behaved      ? "behaved: "
                       : control.state == ControlState::misbehaved ? "did not behave: "
                                                                   : "does not apply: ") +
                      control.seen;
    finding.next_step = next_step(control.state);
    finding.evidence.push_back({"what must happen", control.expected, ""});
    for (const std::string& line : control.evidence)
      finding.evidence.push_back({"API server " + facts.workloads->name_space, line, ""});
    finding.tier = "A";
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace plumbline::netcheck
