#include "netcheck/claims/node_reports.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "netcheck/claims/api_client.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;
constexpr std::size_t kMostBytes = 90U << 10U;  // with room for what the server adds
constexpr std::size_t kMostText = 2000;
constexpr const char* kGroup = "plumbline.dev/v1alpha1";

/// Cut at a character's border, as JSON needs whole ones.
std::string shortened(const std::string& text) {
  if (text.size() <= kMostText) return text;
  std::size_t end = kMostText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
    --end;
  return text.substr(0, end) + " ...";
}

/// A text that there is: an empty one is left out.
void put_text(Json& object, const char* name, const std::string& text) {
  if (!text.empty()) object[name] = shortened(text);
}

bool accuses(Verdict verdict) {
  return verdict == Verdict::violation || verdict == Verdict::degraded || verdict == Verdict::drift;
}

bool in_doubt(Verdict verdict) {
  return verdict == Verdict::unobservable || verdict == Verdict::vacuous;
}

bool is_about(const Finding& finding, const std::string& node) {
  const auto names = [&](const Subject& subject) {
    return subject.node == node || (subject.kind == "node" && subject.name == node);
  };
  return names(finding.subject) ||
         std::any_of(finding.ambiguity.begin(), finding.ambiguity.end(), names);
}

Json json_of(const Finding& finding) {
  Json entry{{"rule", finding.rule},
             {"verdict", to_string(finding.verdict)},
             {"subject", finding.subject.kind + " " + finding.subject.name},
             {"message", shortened(finding.message)}};
  put_text(entry, "nextStep", finding.next_step);
  put_text(entry, "tier", finding.tier);
  if (finding.claim) {
    const ClaimRef& claim = *finding.claim;
    entry["claim"] =
        shortened(claim.kind + " " + claim.name + " " + claim.path + " = " + claim.value);
  }
  return entry;
}

StageVerdict verdict_of(std::size_t accusations, std::size_t doubts, std::size_t measured) {
  if (accusations > 0) return StageVerdict::fail;
  return doubts > 0 || measured == 0 ? StageVerdict::inconclusive : StageVerdict::pass;
}

/// The nodes that a report speaks of.
std::set<std::string> nodes_of(const Report& report) {
  std::set<std::string> nodes;
  for (const ReportNode& node : report.nodes)
    nodes.insert(node.name);
  for (const Finding& finding : report.findings) {
    if (!finding.subject.node.empty()) nodes.insert(finding.subject.node);
  }
  return nodes;
}

}  // namespace

Json node_report(const Report& report, const std::string& node) {
  Json findings = Json::array();
  std::size_t accusations = 0;
  std::size_t doubts = 0;
  std::size_t omitted = 0;
  std::size_t bytes = 0;
  for (const Finding& finding : report.findings) {
    if (!is_about(finding, node) || finding.verdict == Verdict::match) continue;
    accusations += accuses(finding.verdict) ? 1 : 0;
    doubts += in_doubt(finding.verdict) ? 1 : 0;
    Json entry = json_of(finding);
    bytes += entry.dump(-1, ' ', false, Json::error_handler_t::replace).size() + 1;
    if (bytes > kMostBytes) {
      ++omitted;
    } else {
      findings.push_back(std::move(entry));
    }
  }
  std::size_t planned = 0;
  std::size_t measured = 0;
  for (const Outcome& outcome : report.outcomes) {
    if (outcome.from.node != node && outcome.to.node != node) continue;
    ++planned;
    measured += outcome.measured() != nullptr ? 1 : 0;
  }
  Json body{{"verdict", to_string(verdict_of(accusations, doubts, measured))},
            {"accusations", accusations},
            {"measured", measured},
            {"planned", planned},
            {"omitted", omitted},
            {"findings", std::move(findings)}};
  put_text(body, "runId", report.run_id);
  put_text(body, "stage", report.stage);
  put_text(body, "finishedAt", report.finished_at);
  put_text(body, "plumblineVersion", report.plumbline_version);
  return {{"apiVersion", kGroup},
          {"kind", "NodeReport"},
          {"metadata", {{"name", node}}},
          {"report", std::move(body)}};
}

Result<std::size_t> publish_node_reports(const Report& report, ApiAccess access, Clock& clock,
                                         Deadline deadline) {
  auto client = ApiClient::open(std::move(access), clock, deadline);
  if (!client) return tl::unexpected(std::move(client.error()));
  std::size_t written = 0;
  for (const std::string& node : nodes_of(report)) {
    const auto object = client->get("/api/v1/nodes/" + node, deadline);
    if (!object && object.error().code == ErrorCode::not_found) continue;
    if (!object) return tl::unexpected(object.error());
    Json made = node_report(report, node);
    const auto metadata = object->find("metadata");
    const bool told = metadata != object->end() && metadata->is_object() &&
                      metadata->contains("uid") && (*metadata)["uid"].is_string();
    if (told) {
      made["metadata"]["ownerReferences"] = Json::array(
          {{{"apiVersion", "v1"}, {"kind", "Node"}, {"name", node}, {"uid", (*metadata)["uid"]}}});
    }
    const std::string path = std::string("/apis/") + kGroup + "/nodereports/" + node;
    if (auto applied = client->apply(path, made, deadline); !applied)
      return tl::unexpected(std::move(applied.error()));
    ++written;
  }
  return written;
}

}  // namespace plumbline::netcheck::claims
