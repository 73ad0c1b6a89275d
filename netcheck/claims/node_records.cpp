#include "netcheck/claims/node_records.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <system_error>

#include "core/files.hpp"
#include "core/json/codec.hpp"

namespace plumbline::netcheck::claims {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostRecords = 50'000;
constexpr std::size_t kMostBytes = 16U << 20U;

/// Others keep folders and logs of nodes under the same name (must-gather).
bool is_record(const fs::path& file) {
  const std::string name = file.filename().string();
  return name.ends_with(".topology.json") || name.ends_with(".holdings.json");
}

Status add(const fs::path& file, std::map<std::string, NodeRecord>& records) {
  auto text = read_file(file, kMostBytes);
  if (!text) return tl::unexpected(std::move(text.error()));
  const std::string name = file.filename().string();
  if (name.ends_with(".topology.json")) {
    auto topology = json::decode_topology(*text);
    if (!topology) return pass_up(std::move(topology.error()), file.string());
    records[topology->node].topology = std::move(*topology);
  } else if (name.ends_with(".holdings.json")) {
    auto holdings = json::decode_holdings(*text);
    if (!holdings) return pass_up(std::move(holdings.error()), file.string());
    records[holdings->node].holdings = std::move(*holdings);
  }
  return {};
}

}  // namespace

Result<std::vector<NodeRecord>> read_node_records(const fs::path& bundle) {
  std::error_code problem;
  std::vector<NodeRecord> nodes;
  const fs::path folder = bundle / "nodes";
  if (!fs::is_directory(folder, problem)) return nodes;
  std::map<std::string, NodeRecord> records;
  std::size_t entries = 0;
  fs::directory_iterator at(folder, problem);
  for (; !problem && at != fs::directory_iterator(); at.increment(problem)) {
    std::error_code ignored;
    if (!is_record(at->path())) continue;
    if (++entries > kMostRecords)
      return fail(ErrorCode::invalid_input, folder.string() + " holds more than 50000 files");
    if (at->is_symlink(ignored) || !at->is_regular_file(ignored)) {
      return fail(ErrorCode::invalid_input,
                  at->path().string() + " is a link or no file; a bundle holds none");
    }
    if (auto added = add(at->path(), records); !added)
      return tl::unexpected(std::move(added.error()));
  }
  if (problem) return fail_errno(problem.value(), folder.string());
  for (auto& [name, record] : records) {
    record.node = name;
    nodes.push_back(std::move(record));
  }
  return nodes;
}

Result<std::vector<Outcome>> read_measurements(const fs::path& bundle) {
  std::vector<Outcome> outcomes;
  const fs::path file = bundle / "measurements.jsonl";
  std::error_code problem;
  if (!fs::exists(file, problem)) return outcomes;
  auto text = read_file(file, 4 * kMostBytes);
  if (!text) return tl::unexpected(std::move(text.error()));
  std::string_view rest = *text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    auto outcome = json::decode_outcome(rest.substr(0, end));
    if (!outcome) return pass_up(std::move(outcome.error()), file.string());
    outcomes.push_back(std::move(*outcome));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return outcomes;
}

}  // namespace plumbline::netcheck::claims
