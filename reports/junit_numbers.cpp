#include <nlohmann/json.hpp>

#include "reports/junit_cases.hpp"

namespace plumbline::reports {
namespace {

using Json = nlohmann::ordered_json;

/// Never throws: bytes that are not UTF-8 are replaced.
std::string line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json expectation_json(const Expectation& expectation) {
  return {{"rate", expectation.rate.value},
          {"threshold", expectation.threshold},
          {"derivation", expectation.derivation},
          {"source", expectation.source}};
}

void add_measured(Json& json, const Measured& measured) {
  json["status"] = "measured";
  json["unit"] = measured.unit == Unit::seconds ? "s" : "B/s";
  json["value"] = measured.value;
  json["interval"] = {measured.interval.low, measured.interval.high};
  json["conclusive"] = measured.conclusive;
  if (measured.median) json["median"] = *measured.median;
  if (measured.p5) json["p5"] = *measured.p5;
  if (measured.p99) json["p99"] = *measured.p99;
  if (measured.p999) json["p999"] = *measured.p999;
  json["batches"] = measured.batches;
  json["proof_held"] = 0;
  for (const Proof& proof : measured.proof) {
    if (proof.holds) json["proof_held"] = json["proof_held"].get<int>() + 1;
  }
  json["proof_given"] = measured.proof.size();
  if (!measured.counters.empty()) json["counters"] = measured.counters;
}

void add_result(Json& json, const Outcome& outcome) {
  json["key"] = outcome.key();
  if (const Measured* measured = outcome.measured()) add_measured(json, *measured);
  if (const Skipped* skipped = outcome.skipped()) {
    json["status"] = "skipped";
    json["reason"] = skipped->reason;
  }
  if (const Failed* failed = outcome.failed()) {
    json["status"] = "failed";
    json["reason"] = failed->error.message;
    if (!failed->blamed.empty()) json["blamed"] = failed->blamed;
  }
}

Json subject_json(const Subject& subject) {
  Json json{{"kind", subject.kind}, {"name", subject.name}};
  if (!subject.node.empty()) json["node"] = subject.node;
  if (!subject.rail.empty()) json["rail"] = subject.rail;
  return json;
}

}  // namespace

std::string numbers_line(const Outcome& outcome, const Index& index) {
  Json json;
  add_result(json, outcome);
  if (const PathJudgement* judgement = index.judgement(outcome.key())) {
    json["verdict"] = judgement->verdict;
    if (judgement->expectation) json["expected"] = expectation_json(*judgement->expectation);
  }
  return line(json);
}

std::string numbers_line(const Finding& finding, const Index& index) {
  Json json{{"rule", finding.rule},
            {"verdict", to_string(finding.verdict)},
            {"subject", subject_json(finding.subject)}};
  for (const Subject& subject : finding.ambiguity) {
    json["ambiguity"].push_back(subject_json(subject));
  }
  if (const Outcome* outcome = index.outcome(finding.measurement)) {
    add_result(json["measurement"], *outcome);
  }
  if (finding.expectation) json["expected"] = expectation_json(*finding.expectation);
  return line(json);
}

}  // namespace plumbline::reports
