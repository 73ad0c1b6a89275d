#include "reports/table_parts.hpp"
#include "reports/text.hpp"

namespace plumbline::reports {
namespace {

Ink ink_of(ControlState state) {
  if (state == ControlState::behaved) return Ink::good;
  return state == ControlState::misbehaved ? Ink::doubtful : Ink::faint;
}

const char* word_of(ControlState state) {
  if (state == ControlState::behaved) return "behaved";
  return state == ControlState::misbehaved ? "DID NOT BEHAVE" : "not applicable";
}

/// "6 pods bound to 6 nodes" would hide a wrong place: each pod is named.
std::string pod_text(const PlacedPod& pod) {
  const std::string where = pod.binding.value.empty() ? "not bound" : "on " + pod.binding.value;
  std::string text = pod.binding.name + " (" + pod.workload + ") " + where;
  if (!pod.binding.value.empty() && !pod.scheduler.empty()) text += " by " + pod.scheduler;
  if (pod.binding.value.empty() && !pod.waiting.empty()) text += ": " + pod.waiting;
  const char* before = ", holds ";
  for (const std::string& device : pod.devices) {
    text += before + device;
    before = ", ";
  }
  if (!pod.ended.empty()) text += ", " + pod.ended;
  return text;
}

}  // namespace

void write_workloads(Sheet& sheet, const Report& report) {
  constexpr std::size_t most = 32;
  if (!report.workloads) return;
  const Workloads& workloads = *report.workloads;
  sheet.heading("Through the scheduler");
  if (!workloads.ended.empty()) sheet.paragraph(2, "ended: " + workloads.ended, Ink::bad);
  for (const std::string& object : workloads.left)
    sheet.paragraph(2, "left behind: " + object, Ink::bad);
  for (const Control& control : workloads.controls) {
    sheet.paragraph(
        2, std::string(word_of(control.state)) + "  " + control.name + " control: " + control.seen,
        ink_of(control.state));
  }
  std::size_t listed = 0;
  for (const PlacedPod& pod : workloads.pods) {
    if (++listed <= most) sheet.paragraph(4, pod_text(pod), Ink::faint);
  }
  if (listed > most) sheet.paragraph(4, "and " + counted(listed - most, "pod") + " more");
}

}  // namespace plumbline::reports
