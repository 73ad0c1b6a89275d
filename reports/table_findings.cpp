#include <algorithm>
#include <map>
#include <string>

#include "reports/table_parts.hpp"
#include "reports/text.hpp"

namespace plumbline::reports {
namespace {

/// More than these are counted, not listed: the page has them all.
constexpr std::size_t kMostListed = 20;

Ink ink_of(const Finding& finding) {
  switch (concern(finding.verdict)) {
    case Concern::problem:
      return Ink::bad;
    case Concern::unchecked:
      return Ink::doubtful;
    case Concern::note:
    case Concern::fine:
      break;
  }
  return Ink::strong;
}

std::string claim_text(const ClaimRef& claim) {
  std::string text = claim.kind + ' ' + claim.name;
  if (!claim.path.empty()) text += ' ' + claim.path;
  return text + " = " + (claim.value.empty() ? "(empty)" : claim.value);
}

std::string evidence_text(const Evidence& evidence) {
  return evidence.source.empty() ? evidence.value : evidence.source + ": " + evidence.value;
}

std::string outcome_text(const Outcome& outcome) {
  const std::string what = path_text(outcome) + ", " + quantity_text(outcome) + ": ";
  if (const Measured* measured = outcome.measured()) return what + measured_text(*measured);
  if (const Skipped* skipped = outcome.skipped()) return what + "skipped, " + skipped->reason;
  return what + "failed, " + outcome.failed()->error.message;
}

std::string ambiguity_text(const Finding& finding) {
  std::string text;
  for (const Subject& subject : finding.ambiguity) {
    text += (text.empty() ? "one of these, which cannot be told apart: " : "; ") +
            subject_text(subject);
  }
  return text;
}

/// The first signs; a long tail stays in the other forms, so that the next culprit stays in sight.
void write_evidence(Sheet& sheet, std::size_t indent, const std::vector<Evidence>& evidence) {
  constexpr std::size_t shown = 4;
  const std::size_t end = evidence.size() > shown + 1 ? shown : evidence.size();
  for (std::size_t at = 0; at < end; ++at) {
    sheet.field(indent, at == 0 ? "there" : "", evidence_text(evidence[at]));
  }
  if (end < evidence.size()) {
    sheet.field(indent, "",
                "and " + std::to_string(evidence.size() - end) +
                    " more: the other forms have them (-o json)");
  }
}

void write_proof(Sheet& sheet, const Finding& finding, const Index& index) {
  constexpr std::size_t indent = 4;
  if (finding.ambiguity.size() > 1) sheet.field(indent, "culprit", ambiguity_text(finding));
  if (finding.claim) sheet.field(indent, "claimed", claim_text(*finding.claim));
  write_evidence(sheet, indent, finding.evidence);
  if (const Outcome* outcome = index.outcome(finding.measurement)) {
    sheet.field(indent, "measured", outcome_text(*outcome));
  } else if (!finding.measurement.empty()) {
    sheet.field(indent, "measured", finding.measurement);
  }
  if (finding.expectation) {
    sheet.field(indent, "expected", expectation_text(*finding.expectation));
  }
  if (!finding.next_step.empty()) sheet.field(indent, "next", finding.next_step);
}

void write_finding(Sheet& sheet, const Finding& finding, const Index& index) {
  sheet.line();
  std::string word = to_string(finding.verdict);
  std::transform(word.begin(), word.end(), word.begin(), [](char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  });
  sheet.paragraph(2, word + "  " + subject_text(finding.subject) + "  [" + finding.rule + ']',
                  ink_of(finding));
  sheet.paragraph(4, finding.message);
  write_proof(sheet, finding, index);
}

void write_group(Sheet& sheet, const Report& report, const Index& index, Concern wanted) {
  const auto found = findings_of(report, wanted);
  if (found.empty()) return;
  const char* title = wanted == Concern::problem     ? "Culprits"
                      : wanted == Concern::unchecked ? "Could not be checked"
                                                     : "Worth knowing";
  sheet.heading(std::string(title) + " (" + std::to_string(found.size()) + ')');
  for (std::size_t at = 0; at < std::min(found.size(), kMostListed); ++at) {
    write_finding(sheet, *found[at], index);
  }
  if (found.size() > kMostListed) {
    sheet.line();
    sheet.paragraph(2, "and " + std::to_string(found.size() - kMostListed) +
                           " more: the other forms have them all (-o json)");
  }
}

void write_matches(Sheet& sheet, const Report& report) {
  std::map<std::string, std::size_t> matches;
  for (const Finding* finding : findings_of(report, Concern::fine))
    ++matches[finding->rule];
  if (matches.empty()) return;
  std::size_t total = 0;
  std::string rules;
  for (const auto& [rule, count] : matches) {
    total += count;
    rules += (rules.empty() ? "" : ", ") + rule + " x " + std::to_string(count);
  }
  sheet.heading("Checked and true");
  sheet.paragraph(2, counted(total, "claim") + " found to be true: " + rules);
}

}  // namespace

void write_findings(Sheet& sheet, const Report& report, const Index& index) {
  write_group(sheet, report, index, Concern::problem);
  write_group(sheet, report, index, Concern::unchecked);
  write_group(sheet, report, index, Concern::note);
  write_matches(sheet, report);
}

}  // namespace plumbline::reports
