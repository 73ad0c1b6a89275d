#include "agent/command/local_verdict.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "core/json/codec.hpp"
#include "core/model/report.hpp"
#include "netcheck/judge.hpp"
#include "netcheck/judging/verdict.hpp"

namespace plumbline::agent {
namespace {

/// Rules that speak of GPUs and need no claim.
bool is_ours(const Finding& finding) {
  constexpr std::array<std::string_view, 4> rules{"gpu", "gpu_path", "X20", "X21"};
  return finding.verdict != Verdict::match &&
         std::find(rules.begin(), rules.end(), finding.rule) != rules.end();
}

std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char letter) { return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f; }, '?');
  return text;
}

}  // namespace

std::vector<Finding> findings_here(const Topology& topology, const std::vector<Outcome>& outcomes) {
  netcheck::Facts facts;
  facts.nodes = {{topology.node, topology, "", std::nullopt, ""}};
  facts.outcomes = outcomes;
  std::vector<Finding> found;
  for (Finding& finding : netcheck::judge(facts).findings) {
    if (is_ours(finding)) found.push_back(std::move(finding));
  }
  return found;
}

std::vector<Finding> not_released(const std::string& node,
                                  const std::map<std::string, std::string>& left) {
  std::vector<Finding> findings;
  for (const auto& [uuid, what] : left) {
    Finding finding;
    finding.rule = "gpu";
    finding.tier = "C";
    finding.verdict = Verdict::violation;
    finding.subject = {"gpu", node + "/" + uuid, node, ""};
    finding.message =
        "GPU " + uuid + " on " + node + " is not free after it was measured: " + what + ".";
    finding.next_step = "Look for Xid messages in dmesg on " + node + ", and reset the GPU.";
    findings.push_back(std::move(finding));
  }
  return findings;
}

Finding gpus_unseen(const std::string& node, const std::string& why) {
  Finding finding;
  finding.rule = "gpu";
  finding.tier = "C";
  finding.verdict = Verdict::unobservable;
  finding.subject = {"node", node, node, ""};
  finding.message = "What the GPUs of " + node + " are could not be told: " + why + ".";
  finding.next_step = "Run plumbline inventory on " + node + " and look at what it says.";
  return finding;
}

std::string findings_text(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text += "\n" + std::string(to_string(finding.verdict)) + "  " + finding.rule + "  " +
            printable(finding.subject.kind + " " + finding.subject.name) + "\n  " +
            printable(finding.message) + "\n  next: " + printable(finding.next_step) + "\n";
  }
  return text;
}

std::string findings_json(const std::vector<Finding>& findings) {
  Report report;
  report.findings = findings;
  return nlohmann::ordered_json::parse(json::encode(report)).at("findings").dump();
}

std::string with_findings(std::string outcomes, const std::vector<Finding>& findings) {
  if (findings.empty()) return outcomes;
  return outcomes.insert(outcomes.rfind('}'), R"(,"findings":)" + findings_json(findings));
}

int exit_code_with(const std::vector<Finding>& findings, int measured) {
  const auto any = [&](auto holds) { return std::any_of(findings.begin(), findings.end(), holds); };
  if (any([](const Finding& finding) { return netcheck::fails(finding.verdict); })) {
    return exit_code(StageVerdict::fail);
  }
  const bool doubt = any([](const Finding& finding) {
    return finding.verdict == Verdict::unobservable || finding.verdict == Verdict::vacuous;
  });
  return doubt ? exit_code(StageVerdict::inconclusive) : measured;
}

}  // namespace plumbline::agent
