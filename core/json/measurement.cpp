#include "core/json/codec.hpp"
#include "core/json/tree.hpp"

namespace plumbline::json {
namespace {

constexpr const char* kSchema = "plumbline.outcome/v1";

Result<ErrorCode> parse_code(const std::string& word) {
  for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code) {
    if (word == to_string(static_cast<ErrorCode>(code))) return static_cast<ErrorCode>(code);
  }
  return fail(ErrorCode::invalid_input, "\"" + word + "\" is not an error code");
}

Tree tree_of(const Proof& proof) {
  Tree tree{{"kind", proof.kind},
            {"at", json::tree_of(proof.at)},
            {"source", proof.source},
            {"statement", proof.statement}};
  put(tree, "before", proof.before);
  put(tree, "after", proof.after);
  put(tree, "expected", proof.expected);
  tree["holds"] = proof.holds;
  return tree;
}

Proof read_proof(const Fields& fields) {
  Proof proof;
  proof.kind = fields.get<std::string>("kind");
  proof.at = read_endpoint(fields.object("at"));
  proof.source = fields.get<std::string>("source");
  proof.statement = fields.get<std::string>("statement");
  proof.before = fields.maybe<double>("before");
  proof.after = fields.maybe<double>("after");
  proof.expected = fields.maybe<double>("expected");
  proof.holds = fields.get<bool>("holds");
  return proof;
}

void put_measured(Tree& tree, const Measured& measured) {
  tree["status"] = "measured";
  tree["unit"] = measured.unit == Unit::seconds ? "s" : "B/s";
  tree["value"] = number(measured.value);
  tree["interval"] = {number(measured.interval.low), number(measured.interval.high)};
  tree["conclusive"] = measured.conclusive;
  put_text(tree, "doubt", measured.doubt);
  put(tree, "median", measured.median);
  put(tree, "p5", measured.p5);
  put(tree, "p99", measured.p99);
  put(tree, "p999", measured.p999);
  tree["batches"] = measured.batches;
  tree["counters"] = measured.counters;
  tree["proof"] = list_of(measured.proof, [](const Proof& proof) { return tree_of(proof); });
  if (!measured.caveats.empty()) tree["caveats"] = measured.caveats;
}

Measured read_measured(const Fields& fields) {
  Measured measured;
  const auto unit = fields.get<std::string>("unit");
  if (unit != "s" && unit != "B/s") fields.complain("unit", "\"s\" or \"B/s\"");
  measured.unit = unit == "s" ? Unit::seconds : Unit::bytes_per_second;
  measured.value = fields.get<double>("value");
  const auto interval = fields.list<double>("interval");
  if (interval.size() == 2) {
    measured.interval = {interval[0], interval[1]};
  } else {
    fields.complain("interval", "a list of two numbers");
  }
  measured.conclusive = fields.get<bool>("conclusive");
  measured.doubt = fields.get_or<std::string>("doubt", "");
  measured.median = fields.maybe<double>("median");
  measured.p5 = fields.maybe<double>("p5");
  measured.p99 = fields.maybe<double>("p99");
  measured.p999 = fields.maybe<double>("p999");
  measured.batches = fields.list<double>("batches");
  measured.counters = fields.table<double>("counters");
  measured.proof = fields.objects("proof", read_proof);
  measured.caveats = fields.list<std::string>("caveats");
  return measured;
}

Failed read_failed(const Fields& fields) {
  const auto code = parse_code(fields.get<std::string>("error_code"));
  if (!code) fields.complain("error_code", "one of the error codes");
  return {Error{code.value_or(ErrorCode::internal), fields.get<std::string>("reason")},
          fields.get_or<std::string>("blamed", "")};
}

void put_result(Tree& tree, const Outcome& outcome) {
  if (const auto* const measured = outcome.measured()) {
    put_measured(tree, *measured);
  } else if (const auto* const skipped = outcome.skipped()) {
    tree["status"] = "skipped";
    tree["reason"] = skipped->reason;
  } else if (const auto* const failed = outcome.failed()) {
    tree["status"] = "failed";
    tree["reason"] = failed->error.message;
    tree["error_code"] = to_string(failed->error.code);
    put_text(tree, "blamed", failed->blamed);
  }
}

}  // namespace

Tree tree_of(const Endpoint& end) {
  Tree tree{{"node", end.node}};
  put_text(tree, "device", end.device);
  put_text(tree, "rail", end.rail);
  return tree;
}

Endpoint read_endpoint(const Fields& fields) {
  return {fields.get_or<std::string>("node", ""), fields.get_or<std::string>("device", ""),
          fields.get_or<std::string>("rail", "")};
}

Tree tree_of(const Outcome& outcome) {
  Tree tree{{"probe", outcome.probe},
            {"from", tree_of(outcome.from)},
            {"to", tree_of(outcome.to)},
            {"parameters", outcome.parameters}};
  put_result(tree, outcome);
  tree["took_s"] = number(outcome.took.value);
  put_text(tree, "finished_at", outcome.finished_at);
  return tree;
}

Outcome read_outcome(const Fields& fields) {
  Outcome outcome;
  outcome.probe = fields.get<std::string>("probe");
  outcome.from = read_endpoint(fields.object("from"));
  outcome.to = read_endpoint(fields.object("to"));
  outcome.parameters = fields.table<std::string>("parameters");
  outcome.took = {fields.get_or<double>("took_s", 0)};
  outcome.finished_at = fields.get_or<std::string>("finished_at", "");
  const auto status = fields.get<std::string>("status");
  if (status == "measured") {
    outcome.result = read_measured(fields);
  } else if (status == "skipped") {
    outcome.result = Skipped{fields.get<std::string>("reason")};
  } else if (status == "failed") {
    outcome.result = read_failed(fields);
  } else {
    fields.complain("status", "measured, skipped or failed");
  }
  return outcome;
}

std::string encode(const Outcome& outcome) {
  Tree tree{{"schema", kSchema}};
  tree.update(tree_of(outcome));
  return one_line(tree);
}

Result<Outcome> decode_outcome(std::string_view text) { return decode(text, read_outcome); }

}  // namespace plumbline::json
