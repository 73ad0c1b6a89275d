#include <set>
#include <string>
#include <vector>

#include "reports/table_parts.hpp"
#include "reports/text.hpp"

namespace plumbline::reports {
namespace {

/// Outcomes that were not measured for one and the same reason.
struct Group {
  std::string word;  ///< skipped | failed
  std::string reason;
  std::set<std::string> touched_by_all;  ///< nodes that every one of them touches
  std::vector<const Outcome*> outcomes;
};

std::string reason_of(const Outcome& outcome) {
  if (const Skipped* skipped = outcome.skipped()) return skipped->reason;
  const Failed* failed = outcome.failed();
  std::string reason = failed->error.message;
  if (!failed->blamed.empty() && reason.find(failed->blamed) == std::string::npos) {
    reason += " (at fault: " + failed->blamed + ')';
  }
  return reason;
}

std::set<std::string> nodes_of(const Outcome& outcome) {
  std::set<std::string> nodes{outcome.from.node, outcome.to.node};
  nodes.erase("");
  return nodes;
}

Group& group_for(std::vector<Group>& groups, const Outcome& outcome) {
  const std::string word = outcome.skipped() != nullptr ? "skipped" : "failed";
  const std::string reason = reason_of(outcome);
  for (Group& group : groups) {
    if (group.word == word && group.reason == reason) return group;
  }
  return groups.emplace_back(Group{word, reason, nodes_of(outcome), {}});
}

std::vector<Group> group(const Report& report) {
  std::vector<Group> groups;
  for (const Outcome& outcome : report.outcomes) {
    if (outcome.measured() != nullptr) continue;
    Group& one = group_for(groups, outcome);
    one.outcomes.push_back(&outcome);
    const std::set<std::string> nodes = nodes_of(outcome);
    std::erase_if(one.touched_by_all,
                  [&nodes](const std::string& node) { return !nodes.contains(node); });
  }
  return groups;
}

std::string group_text(const Group& group) {
  std::string text = counted(group.outcomes.size(), "measurement") + ' ' + group.word;
  if (group.outcomes.size() == 1) {
    text += " (" + path_text(*group.outcomes.front()) + ", " +
            quantity_text(*group.outcomes.front()) + ')';
  } else if (group.touched_by_all.size() == 1) {
    text += " (all touch " + *group.touched_by_all.begin() + ')';
  }
  return text + ": " + (group.reason.empty() ? "no reason given" : group.reason);
}

}  // namespace

void write_unmeasured(Sheet& sheet, const Report& report) {
  const std::vector<Group> groups = group(report);
  if (groups.empty()) return;
  sheet.heading("Not measured");
  for (const Group& one : groups)
    sheet.paragraph(2, group_text(one));
}

}  // namespace plumbline::reports
