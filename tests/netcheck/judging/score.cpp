#include "tests/netcheck/judging/score.hpp"

#include <algorithm>

#include "netcheck/judging/judge_by.hpp"

namespace plumbline::testing {
namespace {

bool fails(const Finding& finding) {
  return finding.verdict == Verdict::violation || finding.verdict == Verdict::drift ||
         finding.verdict == Verdict::degraded;
}

/// A finding about a whole node covers each of its rails.
bool covers(const std::string& place, const std::string& guilty) {
  return place == guilty || guilty.rfind(place + "/", 0) == 0;
}

std::string describe(const Report& report) {
  std::string text;
  for (const Finding& finding : report.findings) {
    if (fails(finding)) text += "\n    " + finding.rule + " " + finding.message;
  }
  return text;
}

}  // namespace

std::string Score::text() const {
  return std::to_string(runs) + " runs: exactly right " + std::to_string(exact) +
         ", ambiguity set " + std::to_string(ambiguous) + ", missed " + std::to_string(missed) +
         ", wrong " + std::to_string(wrong) + ", first finding right " + std::to_string(first) +
         last_wrong;
}

std::string place_of(const Subject& subject) {
  if (subject.kind == "label") return "label " + subject.node;
  if (subject.kind == "nic" || subject.kind == "link") return subject.node + "/" + subject.rail;
  return subject.name;
}

void add(Score& score, const Report& report, const Guilty& guilty) {
  ++score.runs;
  std::set<std::string> named;
  std::set<std::string> in_sets;
  bool wrong = false;
  for (const Finding& finding : report.findings) {
    if (!fails(finding)) continue;
    std::set<std::string> hit;
    std::set<Subject> subjects(finding.ambiguity.begin(), finding.ambiguity.end());
    if (subjects.empty()) subjects.insert(finding.subject);
    for (const Subject& subject : subjects) {
      for (const std::string& culprit : guilty) {
        if (covers(place_of(subject), culprit)) hit.insert(culprit);
      }
    }
    wrong = wrong || hit.empty() || finding.evidence.empty();
    auto& reached = finding.ambiguity.empty() ? named : in_sets;
    reached.insert(hit.begin(), hit.end());
  }
  if (!report.findings.empty() && fails(report.findings.front())) {
    const Finding& first = report.findings.front();
    const bool right = std::any_of(guilty.begin(), guilty.end(), [&](const std::string& culprit) {
      return covers(place_of(first.subject), culprit);
    });
    if (right) ++score.first;
  }
  std::set<std::string> reached = named;
  reached.insert(in_sets.begin(), in_sets.end());
  const bool missed = std::any_of(guilty.begin(), guilty.end(), [&](const std::string& culprit) {
    return reached.count(culprit) == 0;
  });
  if (wrong) {
    ++score.wrong;
    score.last_wrong = describe(report);
  } else if (missed) {
    ++score.missed;
    score.last_wrong = describe(report) + "\n    (missed)";
  } else if (named == guilty) {
    ++score.exact;
  } else {
    ++score.ambiguous;
  }
}

Score run(const Shape& shape, int seeds, const Scenario& scenario) {
  Score score;
  for (int seed = 1; seed <= seeds; ++seed) {
    const double noise = 0.01 + 0.01 * (seed % 3);
    VirtualFabric fabric(shape, noise, static_cast<std::uint32_t>(seed * 7919));
    const Guilty guilty = scenario(fabric);
    add(score, netcheck::judge_by(fabric.stage(), {}), guilty);
  }
  return score;
}

}  // namespace plumbline::testing
