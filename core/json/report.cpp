#include "core/json/codec.hpp"
#include "core/json/tree.hpp"
#include "core/json/workloads.hpp"

namespace plumbline::json {
namespace {

constexpr const char* kSchema = "plumbline.report/v1";

Tree tree_of(const Subject& subject) {
  Tree tree{{"kind", subject.kind}, {"name", subject.name}};
  put_text(tree, "node", subject.node);
  put_text(tree, "rail", subject.rail);
  return tree;
}

Subject read_subject(const Fields& fields) {
  return {fields.get<std::string>("kind"), fields.get<std::string>("name"),
          fields.get_or<std::string>("node", ""), fields.get_or<std::string>("rail", "")};
}

Tree tree_of(const Evidence& evidence) {
  Tree tree{{"source", evidence.source}, {"value", evidence.value}};
  put_text(tree, "time", evidence.time);
  return tree;
}

Evidence read_evidence(const Fields& fields) {
  return {fields.get<std::string>("source"), fields.get<std::string>("value"),
          fields.get_or<std::string>("time", "")};
}

Tree tree_of(const Expectation& expectation) {
  return {{"bytes_per_second", number(expectation.rate.value)},
          {"derivation", expectation.derivation},
          {"source", expectation.source},
          {"threshold", expectation.threshold}};
}

Expectation read_expectation(const Fields& fields) {
  return {BytesPerSecond{fields.get<double>("bytes_per_second")},
          fields.get<std::string>("derivation"), fields.get_or<std::string>("source", ""),
          fields.get_or<double>("threshold", 0)};
}

std::optional<Expectation> maybe_expectation(const Fields& fields) {
  if (!fields.has("expectation")) return std::nullopt;
  return read_expectation(fields.object("expectation"));
}

Tree tree_of(const Finding& finding) {
  Tree tree{{"rule", finding.rule},
            {"verdict", to_string(finding.verdict)},
            {"subject", tree_of(finding.subject)},
            {"message", finding.message},
            {"next_step", finding.next_step}};
  tree["ambiguity"] =
      list_of(finding.ambiguity, [](const Subject& subject) { return tree_of(subject); });
  if (finding.claim) tree["claim"] = json::tree_of(*finding.claim);
  tree["evidence"] =
      list_of(finding.evidence, [](const Evidence& piece) { return tree_of(piece); });
  put_text(tree, "measurement", finding.measurement);
  if (finding.expectation) tree["expectation"] = tree_of(*finding.expectation);
  put_text(tree, "tier", finding.tier);
  return tree;
}

Finding read_finding(const Fields& fields) {
  Finding finding;
  finding.rule = fields.get<std::string>("rule");
  const auto verdict = parse_verdict(fields.get<std::string>("verdict"));
  if (!verdict) fields.complain("verdict", "a known verdict");
  finding.verdict = verdict.value_or(Verdict::unobservable);
  finding.subject = read_subject(fields.object("subject"));
  finding.ambiguity = fields.objects("ambiguity", read_subject);
  finding.message = fields.get<std::string>("message");
  finding.next_step = fields.get_or<std::string>("next_step", "");
  if (fields.has("claim")) finding.claim = read_claim_ref(fields.object("claim"));
  finding.evidence = fields.objects("evidence", read_evidence);
  finding.measurement = fields.get_or<std::string>("measurement", "");
  finding.expectation = maybe_expectation(fields);
  finding.tier = fields.get_or<std::string>("tier", "");
  return finding;
}

StageVerdict read_stage_verdict(const Fields& fields) {
  const auto word = fields.get<std::string>("verdict");
  for (const auto verdict : {StageVerdict::pass, StageVerdict::fail, StageVerdict::inconclusive}) {
    if (word == to_string(verdict)) return verdict;
  }
  fields.complain("verdict", "pass, fail or inconclusive");
  return StageVerdict::inconclusive;
}

Tree tree_of(const RequirementResult& requirement) {
  return {{"id", requirement.id},
          {"level", requirement.level},
          {"verdict", to_string(requirement.verdict)},
          {"because", requirement.because}};
}

RequirementResult read_requirement(const Fields& fields) {
  return {fields.get<std::string>("id"), fields.get_or<std::string>("level", ""),
          read_stage_verdict(fields), fields.list<std::string>("because")};
}

Tree tree_of(const PathJudgement& judgement) {
  Tree tree{{"key", judgement.key}, {"verdict", judgement.verdict}};
  if (judgement.expectation) tree["expectation"] = tree_of(*judgement.expectation);
  return tree;
}

PathJudgement read_judgement(const Fields& fields) {
  return {fields.get<std::string>("key"), fields.get<std::string>("verdict"),
          maybe_expectation(fields)};
}

Tree tree_of(const ReportNode& node) {
  Tree tree{{"name", node.name}};
  put_text(tree, "rack", node.rack);
  put_text(tree, "measured_rack", node.measured_rack);
  return tree;
}

ReportNode read_node(const Fields& fields) {
  return {fields.get<std::string>("name"), fields.get_or<std::string>("rack", ""),
          fields.get_or<std::string>("measured_rack", "")};
}

constexpr auto as_tree = [](const auto& item) { return tree_of(item); };

void read_header(const Fields& fields, Report& report) {
  if (fields.get<std::string>("schema") != kSchema) {
    fields.complain("schema", "\"plumbline.report/v1\"");
  }
  report.verdict = read_stage_verdict(fields);
  report.because = fields.list<std::string>("because");
  report.stage = fields.get_or<std::string>("stage", "");
  report.run_id = fields.get_or<std::string>("run_id", "");
  report.started_at = fields.get_or<std::string>("started_at", "");
  report.finished_at = fields.get_or<std::string>("finished_at", "");
  report.plumbline_version = fields.get_or<std::string>("plumbline_version", "");
  report.interrupted = fields.get_or<bool>("interrupted", false);
  report.interruption = fields.get_or<std::string>("interruption", "");
  report.from_fakes = fields.get_or<bool>("from_fakes", false);
  const Fields coverage = fields.object("coverage");
  report.coverage = {coverage.get<double>("nodes"), coverage.get<double>("rails"),
                     coverage.get<double>("pairs")};
}

Report read_report(const Fields& fields) {
  Report report;
  read_header(fields, report);
  report.nodes = fields.objects("nodes", read_node);
  report.rails = fields.list<std::string>("rails");
  report.findings = fields.objects("findings", read_finding);
  report.requirements = fields.objects("requirements", read_requirement);
  report.outcomes = fields.objects("outcomes", read_outcome);
  report.judgements = fields.objects("judgements", read_judgement);
  report.facts = fields.table<std::string>("facts");
  if (fields.has("workloads")) report.workloads = read_workloads(fields.object("workloads"));
  return report;
}

}  // namespace

Tree tree_of(const ClaimRef& claim) {
  return {{"kind", claim.kind}, {"name", claim.name},
          {"uid", claim.uid},   {"resource_version", claim.resource_version},
          {"path", claim.path}, {"value", claim.value}};
}

ClaimRef read_claim_ref(const Fields& fields) {
  return {fields.get<std::string>("kind"),       fields.get<std::string>("name"),
          fields.get_or<std::string>("uid", ""), fields.get_or<std::string>("resource_version", ""),
          fields.get<std::string>("path"),       fields.get_or<std::string>("value", "")};
}

std::string encode(const Report& report) {
  Tree tree{{"schema", kSchema},
            {"verdict", to_string(report.verdict)},
            {"because", report.because},
            {"stage", report.stage},
            {"run_id", report.run_id},
            {"started_at", report.started_at},
            {"finished_at", report.finished_at},
            {"plumbline_version", report.plumbline_version},
            {"interrupted", report.interrupted},
            {"interruption", report.interruption},
            {"from_fakes", report.from_fakes},
            {"coverage",
             {{"nodes", report.coverage.nodes},
              {"rails", report.coverage.rails},
              {"pairs", report.coverage.pairs}}},
            {"nodes", list_of(report.nodes, as_tree)},
            {"rails", report.rails},
            {"findings", list_of(report.findings, as_tree)},
            {"requirements", list_of(report.requirements, as_tree)},
            {"outcomes", list_of(report.outcomes,
                                 [](const Outcome& outcome) { return json::tree_of(outcome); })},
            {"judgements", list_of(report.judgements, as_tree)},
            {"facts", report.facts}};
  if (report.workloads) tree["workloads"] = json::tree_of(*report.workloads);
  return tree.dump(2, ' ', false, Tree::error_handler_t::replace) + "\n";
}

Result<Report> decode_report(std::string_view text) { return decode(text, read_report); }

}  // namespace plumbline::json
