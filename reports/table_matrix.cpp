#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reports/table_parts.hpp"
#include "reports/text.hpp"

namespace plumbline::reports {
namespace {

constexpr std::size_t kNumberWidth = 8;
constexpr std::size_t kSlowestListed = 5;

/// The judged rates of one rail, from every node to every other; or of one node, between its GPUs
/// and its host memory.
struct Matrix {
  std::string title;
  std::vector<ReportNode> nodes;
  std::map<std::pair<std::string, std::string>, const Outcome*> cells;
};

/// What the numbers of a matrix are divided by, and its name.
struct Scale {
  double unit = 1;
  const char* name = "B/s";
};

Matrix matrix_of(const Report& report, const std::string& rail, const std::string& size) {
  Matrix matrix{"Goodput on " + rail, {}, {}};
  std::set<std::string> present;
  for (const Outcome& outcome : report.outcomes) {
    if (outcome.probe != "pair_goodput" || outcome.from.rail != rail) continue;
    if (parameter(outcome, "direction") == "both_ways") continue;
    if (parameter(outcome, "size") != size) continue;
    matrix.cells.emplace(std::pair(outcome.from.node, outcome.to.node), &outcome);
    present.insert({outcome.from.node, outcome.to.node});
  }
  for (const ReportNode& node : drawn_nodes(report)) {
    if (present.contains(node.name)) matrix.nodes.push_back(node);
  }
  return matrix;
}

/// The copies of one kind between the places of one node. Kinds: one_way (what the source pushes,
/// and host memory), read (what the destination pulls), both_ways.
bool is_gpu_copy(const Outcome& outcome, const std::string& node, const std::string& kind) {
  if (outcome.probe != "gpu_copy" || outcome.from.node != node) return false;
  if (parameter(outcome, "engine") == "sm") return false;
  const bool read = parameter(outcome, "direction") == "read";
  if (kind == "read") return read && parameter(outcome, "traffic") == "one_way";
  return !read && parameter(outcome, "traffic") == kind;
}

Matrix gpu_matrix_of(const Report& report, const std::string& node, const std::string& kind) {
  const std::string title = kind == "both_ways" ? "Copies both ways at once (sum) in "
                            : kind == "read"    ? "Copies pulled by the receiver in "
                                                : "Copies in ";
  Matrix matrix{title + node, {}, {}};
  const std::string size = judged_size(report, "gpu_copy");
  std::vector<const Outcome*> copies;
  std::set<std::string> devices;
  for (const Outcome& outcome : report.outcomes) {
    const std::string own = parameter(outcome, "size");
    if (!is_gpu_copy(outcome, node, kind) || (!own.empty() && own != size)) continue;
    copies.push_back(&outcome);
    devices.insert({outcome.from.device, outcome.to.device});
  }
  const auto labels = short_names({devices.begin(), devices.end()});
  for (const auto& [device, label] : labels)
    matrix.nodes.push_back({label, "", ""});
  for (const Outcome* outcome : copies) {
    const auto from = labels.find(outcome->from.device);
    const auto to = labels.find(outcome->to.device);
    matrix.cells.emplace(std::pair(from->second, to->second), outcome);
    if (kind == "both_ways") matrix.cells.emplace(std::pair(to->second, from->second), outcome);
  }
  return matrix;
}

const Outcome* cell(const Matrix& matrix, const ReportNode& from, const ReportNode& to) {
  const auto found = matrix.cells.find(std::pair(from.name, to.name));
  return found == matrix.cells.end() ? nullptr : found->second;
}

std::vector<const Outcome*> by_value(const Matrix& matrix) {
  std::vector<const Outcome*> measured;
  for (const auto& [ends, outcome] : matrix.cells) {
    if (outcome->measured() != nullptr) measured.push_back(outcome);
  }
  std::stable_sort(measured.begin(), measured.end(), [](const Outcome* one, const Outcome* two) {
    return one->measured()->value < two->measured()->value;
  });
  return measured;
}

Scale scale_for(const std::vector<const Outcome*>& values) {
  double most = 0;
  for (const Outcome* value : values) {
    // A copy within a GPU is no path between places: it would make the others' numbers small.
    const bool within = value->probe == "gpu_copy" && value->from == value->to;
    if (!within) most = std::max(most, value->measured()->value);
  }
  if (most >= 1e9) return {1e9, "GB/s"};
  if (most >= 1e6) return {1e6, "MB/s"};
  return most >= 1e3 ? Scale{1e3, "kB/s"} : Scale{};
}

std::string number_text(double value) {
  std::array<char, 32> buffer{};
  const int digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const int length = std::snprintf(buffer.data(), buffer.size(), "%.*f", digits, value);
  return {buffer.data(), static_cast<std::size_t>(std::max(length, 0))};
}

/// One sign for a pair: '.' fine, '!' below expected, '?' inconclusive, 'o' nothing to hold it
/// against.
char sign_of(const Outcome& outcome, const Index& index) {
  if (outcome.skipped() != nullptr) return '-';
  if (outcome.failed() != nullptr) return 'x';
  const std::string verdict = index.verdict(outcome);
  if (verdict == "ok") return '.';
  if (verdict == "degraded") return '!';
  return verdict == "inconclusive" ? '?' : 'o';
}

Ink ink_of(char sign) {
  if (sign == '!' || sign == 'x') return Ink::bad;
  return sign == '?' || sign == '-' ? Ink::doubtful : Ink::plain;
}

std::size_t name_width(const Matrix& matrix) {
  std::size_t widest = 4;
  for (const ReportNode& node : matrix.nodes) {
    widest = std::max(widest, columns(visible(node.name)));
  }
  return std::min<std::size_t>(widest, 24);
}

/// The rack by label, and the one it measures with where that is another.
std::string rack_text(const Matrix& matrix, const ReportNode& node) {
  const bool misplaced =
      node.measured_rack != node.rack &&
      std::any_of(matrix.nodes.begin(), matrix.nodes.end(),
                  [&node](const ReportNode& one) { return one.rack == node.measured_rack; });
  return misplaced && !node.measured_rack.empty()
             ? node.rack + " (measures as " + node.measured_rack + ')'
             : node.rack;
}

std::size_t rack_width(const Matrix& matrix) {
  std::size_t widest = 0;
  for (const ReportNode& node : matrix.nodes) {
    widest = std::max(widest, columns(visible(rack_text(matrix, node))));
  }
  return std::min<std::size_t>(widest, 30);
}

/// "  1 node-1  rack-1 ": the start of a row.
std::string row_label(const Matrix& matrix, std::size_t row) {
  const ReportNode& node = matrix.nodes[row];
  const std::size_t names = name_width(matrix);
  const std::size_t racks = rack_width(matrix);
  std::string label = "  " + pad_left(std::to_string(row + 1), 3) + ' ' +
                      pad_right(shorten(visible(node.name), names), names) + ' ';
  if (racks > 0) label += pad_right(shorten(visible(rack_text(matrix, node)), racks), racks) + ' ';
  return label;
}

void write_number(Sheet& sheet, const Outcome* outcome, const Index& index, const Scale& scale) {
  if (outcome == nullptr) {
    sheet.ink(pad_left(" ", kNumberWidth), Ink::plain);
    return;
  }
  const char sign = sign_of(*outcome, index);
  std::string text(1, sign);
  if (const Measured* measured = outcome->measured()) {
    text = number_text(measured->value / scale.unit) + (sign == '!' || sign == '?' ? text : " ");
  } else {
    text += ' ';
  }
  sheet.ink(pad_left(text, kNumberWidth), ink_of(sign));
}

void write_full(Sheet& sheet, const Matrix& matrix, const Index& index, const Scale& scale) {
  std::string head(columns(row_label(matrix, 0)), ' ');
  for (std::size_t at = 0; at < matrix.nodes.size(); ++at) {
    head += pad_left(std::to_string(at + 1) + ' ', kNumberWidth);
  }
  sheet.line(head, Ink::faint);
  for (std::size_t row = 0; row < matrix.nodes.size(); ++row) {
    sheet.ink(row_label(matrix, row), Ink::plain);
    for (const ReportNode& to : matrix.nodes) {
      write_number(sheet, cell(matrix, matrix.nodes[row], to), index, scale);
    }
    sheet.end_line();
  }
}

void write_signs(Sheet& sheet, const Matrix& matrix, const Index& index) {
  for (std::size_t row = 0; row < matrix.nodes.size(); ++row) {
    sheet.ink(row_label(matrix, row), Ink::plain);
    for (const ReportNode& to : matrix.nodes) {
      const Outcome* outcome = cell(matrix, matrix.nodes[row], to);
      const char sign = outcome == nullptr ? ' ' : sign_of(*outcome, index);
      sheet.ink(std::string(1, sign), ink_of(sign));
    }
    sheet.end_line();
  }
}

void write_slowest(Sheet& sheet, const std::vector<const Outcome*>& values) {
  const std::size_t count = std::min(kSlowestListed, values.size());
  for (std::size_t at = 0; at < count; ++at) {
    sheet.field(2, at == 0 ? "slowest" : "",
                path_text(*values[at]) + ' ' +
                    value_text(Unit::bytes_per_second, values[at]->measured()->value));
  }
}

void write_range(Sheet& sheet, const std::vector<const Outcome*>& values) {
  if (values.empty()) return;
  const auto text = [&values](std::size_t at) {
    return value_text(Unit::bytes_per_second, values[at]->measured()->value);
  };
  sheet.paragraph(2, "least " + text(0) + ", median " + text(values.size() / 2) + ", most " +
                         text(values.size() - 1) + ", " + counted(values.size(), "path"));
}

/// Numbers where they fit, else signs, else only the range and the slowest.
void write_matrix(Sheet& sheet, const Matrix& matrix, const Index& index) {
  const auto values = by_value(matrix);
  const Scale scale = scale_for(values);
  const std::size_t label = columns(row_label(matrix, 0));
  const std::size_t count = matrix.nodes.size();
  const bool full = label + count * kNumberWidth <= sheet.width();
  sheet.heading(matrix.title + (full ? std::string(", ") + scale.name : "") +
                ", a row sends to the columns");
  if (full) {
    write_full(sheet, matrix, index, scale);
  } else if (label + count <= sheet.width()) {
    write_signs(sheet, matrix, index);
  }
  write_range(sheet, values);
  if (!full) write_slowest(sheet, values);
}

/// Nodes with GPU copies, in order.
std::set<std::string> nodes_with_gpus(const Report& report) {
  std::set<std::string> nodes;
  for (const Outcome& outcome : report.outcomes) {
    const bool pair = outcome.from.device != "gpus";
    if (outcome.probe == "gpu_copy" && pair) nodes.insert(outcome.from.node);
  }
  return nodes;
}

bool write_gpu_matrices(Sheet& sheet, const Report& report, const Index& index) {
  bool any = false;
  for (const std::string& node : nodes_with_gpus(report)) {
    for (const char* kind : {"one_way", "read", "both_ways"}) {
      const Matrix matrix = gpu_matrix_of(report, node, kind);
      if (matrix.nodes.empty()) continue;
      write_matrix(sheet, matrix, index);
      any = true;
    }
  }
  return any;
}

}  // namespace

void write_matrices(Sheet& sheet, const Report& report, const Index& index) {
  const std::string size = judged_size(report, "pair_goodput");
  std::set<std::string> rails(report.rails.begin(), report.rails.end());
  for (const Outcome& outcome : report.outcomes) {
    if (outcome.probe == "pair_goodput") rails.insert(outcome.from.rail);
  }
  bool any = false;
  for (const std::string& rail : rails) {
    const Matrix matrix = matrix_of(report, rail, size);
    if (matrix.nodes.empty()) continue;
    write_matrix(sheet, matrix, index);
    any = true;
  }
  if (write_gpu_matrices(sheet, report, index)) any = true;
  if (any) {
    sheet.paragraph(2,
                    "! below expected   ? inconclusive   - skipped   x failed   . fine   "
                    "o nothing to hold it against",
                    Ink::faint);
  }
}

}  // namespace plumbline::reports
