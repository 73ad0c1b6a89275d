#include "reports/forms.hpp"
#include "reports/sheet.hpp"
#include "reports/table_parts.hpp"
#include "reports/view.hpp"

namespace plumbline::reports {
namespace {

Ink ink_of(StageVerdict verdict) {
  if (verdict == StageVerdict::pass) return Ink::good;
  return verdict == StageVerdict::fail ? Ink::bad : Ink::doubtful;
}

std::string verdict_word(StageVerdict verdict) {
  if (verdict == StageVerdict::pass) return "PASS";
  return verdict == StageVerdict::fail ? "FAIL" : "INCONCLUSIVE";
}

std::string first_sentence(const Report& report) {
  std::string text = verdict_word(report.verdict);
  for (const std::string& said : reservations(report))
    text += " (" + said + ')';
  if (!report.because.empty()) text += ": " + report.because.front();
  return text;
}

std::string moment_text(const std::string& time) {
  const bool known = time.size() >= 20 && time[10] == 'T' && time.back() == 'Z';
  return known ? time.substr(0, 10) + ' ' + time.substr(11, 8) : time;
}

void write_verdict(Sheet& sheet, const Report& report) {
  sheet.paragraph(0, first_sentence(report), ink_of(report.verdict));
  for (std::size_t at = 1; at < report.because.size(); ++at) {
    sheet.paragraph(2, "and: " + report.because[at]);
  }
  // What was only read (`plumbline check`) is no run.
  std::string facts =
      report.run_id.empty() ? report.stage : "stage " + report.stage + ", run " + report.run_id;
  if (!report.started_at.empty()) facts += ", " + moment_text(report.started_at);
  if (!report.finished_at.empty()) facts += " to " + moment_text(report.finished_at);
  if (!report.plumbline_version.empty()) facts += ", plumbline " + report.plumbline_version;
  sheet.paragraph(0, facts, Ink::faint);
}

void write_coverage(Sheet& sheet, const Report& report) {
  sheet.heading("Coverage");
  sheet.paragraph(2, "measured: " + percent(report.coverage.nodes) + " of the nodes, " +
                         percent(report.coverage.rails) + " of the rails, " +
                         percent(report.coverage.pairs) + " of the pairs");
}

std::string requirement_text(const RequirementResult& requirement) {
  std::string text = verdict_word(requirement.verdict) + "  " + requirement.id;
  if (!requirement.level.empty()) text += " (" + requirement.level + ')';
  const char* before = ": ";
  for (const std::string& because : requirement.because) {
    text += before + because;
    before = "; ";
  }
  return text;
}

void write_requirements(Sheet& sheet, const Report& report) {
  if (report.requirements.empty()) return;
  sheet.heading("Requirements");
  for (const RequirementResult& requirement : report.requirements) {
    sheet.paragraph(2, requirement_text(requirement));
  }
}

/// A check measures nothing and leaves no folder.
void write_files(Sheet& sheet, const Report& report) {
  if (report.stage.starts_with("check ")) return;
  sheet.heading("Files in the results folder");
  sheet.field(2, "page", "report.html (open it in any browser, offline)");
  sheet.field(2, "data", "report.json, journal.jsonl");
  sheet.field(2, "CI", "fabric-junit.xml");
  sheet.field(2, "logs", "logs/");
}

}  // namespace

std::string table(const Report& report, const TableStyle& style) {
  const Index index(report);
  Sheet sheet(style);
  write_verdict(sheet, report);
  write_findings(sheet, report, index);
  write_unmeasured(sheet, report);
  write_workloads(sheet, report);
  write_matrices(sheet, report, index);
  write_numbers(sheet, report, index);
  write_requirements(sheet, report);
  write_coverage(sheet, report);
  write_files(sheet, report);
  return sheet.take();
}

}  // namespace plumbline::reports
