#include "netcheck/claims/node_marks.hpp"

#include <nlohmann/json.hpp>

#include "netcheck/claims/api_client.hpp"
#include "netcheck/claims/json_text.hpp"
#include "netcheck/claims/node_reports.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostMessage = 1000;
constexpr const char* kCondition = "PlumblineFabric";

/// A label's value holds 63 of a few letters.
std::string label_value(const std::string& text) {
  std::string value;
  for (const char c : text.substr(0, 63)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    value += plain ? c : '-';
  }
  while (!value.empty() && value.back() == '-')
    value.pop_back();
  return value.substr(std::min(value.find_first_not_of('-'), value.size()));
}

Json node_object(const std::string& node) {
  return {{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", node}}}};
}

std::string first_message(const Json& part) {
  const auto findings = part.find("findings");
  if (findings == part.end() || findings->empty()) return "";
  return text_of(findings->front(), "rule") + ": " + text_of(findings->front(), "message");
}

const char* status_of(const std::string& verdict) {
  if (verdict == "pass") return "True";
  return verdict == "fail" ? "False" : "Unknown";
}

const char* reason_of(const std::string& verdict) {
  if (verdict == "pass") return "AsClaimed";
  return verdict == "fail" ? "NotAsClaimed" : "Inconclusive";
}

}  // namespace

Json node_labels(const Report& report, const std::string& node) {
  const Json part = node_report(report, node)["report"];
  Json object = node_object(node);
  object["metadata"]["labels"] = {{"plumbline.dev/verdict", text_of(part, "verdict")},
                                  {"plumbline.dev/run", label_value(report.run_id)}};
  return object;
}

Json node_condition(const Report& report, const std::string& node, const std::string& now) {
  const Json part = node_report(report, node)["report"];
  const std::string verdict = text_of(part, "verdict");
  std::string message = first_message(part);
  if (message.size() > kMostMessage) message.resize(kMostMessage);
  Json object = node_object(node);
  object["status"]["conditions"] = Json::array(
      {{{"type", kCondition},
        {"status", status_of(verdict)},
        {"reason", reason_of(verdict)},
        {"message", "plumbline run " + report.run_id + (message.empty() ? "" : ": " + message)},
        {"lastHeartbeatTime", now},
        {"lastTransitionTime", report.finished_at.empty() ? now : report.finished_at}}});
  return object;
}

Result<std::size_t> mark_nodes(const Report& report, const NodeMarks& marks, ApiAccess access,
                               Clock& clock, Deadline deadline) {
  auto client = ApiClient::open(std::move(access), clock, deadline);
  if (!client) return tl::unexpected(std::move(client.error()));
  std::size_t marked = 0;
  for (const ReportNode& node : report.nodes) {
    const std::string path = "/api/v1/nodes/" + node.name;
    const auto there = client->get(path, deadline);
    if (!there && there.error().code == ErrorCode::not_found) continue;
    if (!there) return tl::unexpected(there.error());
    if (marks.labels) {
      const auto put = client->apply(path, node_labels(report, node.name), deadline);
      if (!put) return tl::unexpected(put.error());
    }
    if (marks.conditions) {
      const Json object = node_condition(report, node.name, clock.wall_time());
      const auto put = client->apply(path + "/status", object, deadline);
      if (!put) return tl::unexpected(put.error());
    }
    ++marked;
  }
  return marked;
}

}  // namespace plumbline::netcheck::claims
