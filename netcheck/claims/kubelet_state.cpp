#include "netcheck/claims/kubelet_state.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "core/files.hpp"
#include "netcheck/claims/documents.hpp"
#include "netcheck/claims/json_text.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;
constexpr int kMostNumber = 8192;
constexpr std::size_t kMostEntries = 100'000;
constexpr std::size_t kMostBytes = 16U << 20U;

/// A member that is an object or a list; an empty object when there is none.
const Json& below(const Json& object, const char* name) {
  static const Json nothing = Json::object();
  const auto found = object.find(name);
  return found != object.end() && found->is_structured() ? *found : nothing;
}

Result<Json> object_of(std::string_view text) {
  auto parsed = parse_json(text);
  if (!parsed) return tl::unexpected(std::move(parsed.error()));
  if (!parsed->front().is_object()) return fail(ErrorCode::invalid_input, "not a JSON object");
  return std::move(parsed->front());
}

ManagerEntry& entry_of(KubeletState& state, const std::string& pod, const std::string& container) {
  for (ManagerEntry& entry : state.entries) {
    if (entry.pod_uid == pod && entry.container == container) return entry;
  }
  return state.entries.emplace_back(ManagerEntry{pod, container, {}, {}});
}

/// Walks entries{pod{container: value}}; a pod whose value is no object is another format.
template <typename Take>
Status each_entry(const Json& document, Take take) {
  std::size_t count = 0;
  for (const auto& [pod, containers] : below(document, "entries").items()) {
    if (!containers.is_object()) {
      return fail(ErrorCode::invalid_input, "an entry is not by container");
    }
    for (const auto& [container, value] : containers.items()) {
      if (++count > kMostEntries) return fail(ErrorCode::invalid_input, "too many entries");
      if (auto taken = take(pod, container, value); !taken) return taken;
    }
  }
  return {};
}

std::optional<int> number_in(std::string_view text) {
  int number = -1;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || number < 0 || number >= kMostNumber)
    return std::nullopt;
  return number;
}

Status add_file(const fs::path& file, KubeletState& state,
                Status (*add)(std::string_view, KubeletState&)) {
  std::error_code problem;
  if (!fs::exists(file, problem) && !problem) return {};
  auto text = read_file(file, kMostBytes);
  if (!text) return tl::unexpected(std::move(text.error()));
  if (auto added = add(*text, state); !added)
    return pass_up(std::move(added.error()), file.string());
  return {};
}

/// Device ids: a list, or lists by NUMA node.
void add_ids(const Json& ids, std::vector<std::string>& devices) {
  for (const Json& id : ids) {
    if (id.is_string()) devices.push_back(id.get<std::string>());
    if (id.is_array()) add_ids(id, devices);
  }
}

}  // namespace

Result<std::vector<int>> parse_cpu_list(std::string_view text) {
  std::vector<int> numbers;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const auto dash = part.find('-');
    const auto first = number_in(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number_in(part.substr(dash + 1));
    if (!first || !last || *last < *first) {
      return fail(ErrorCode::invalid_input, "\"" + std::string(part) + "\" is no range of CPUs");
    }
    for (int number = *first; number <= *last; ++number)
      numbers.push_back(number);
    if (numbers.size() > kMostNumber) return fail(ErrorCode::invalid_input, "too many CPUs");
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

Status add_cpu_state(std::string_view text, KubeletState& state) {
  const auto document = object_of(text);
  if (!document) return tl::unexpected(document.error());
  auto shared = parse_cpu_list(text_of(*document, "defaultCpuSet"));
  if (!shared) return pass_up(std::move(shared.error()), "defaultCpuSet");
  const std::string policy = text_of(*document, "policyName");
  if (policy.empty()) return fail(ErrorCode::invalid_input, "it has no policyName");
  const auto done = each_entry(
      *document, [&](const std::string& pod, const std::string& name, const Json& value) -> Status {
        if (!value.is_string())
          return fail(ErrorCode::invalid_input, "an entry has no list of CPUs");
        auto cpus = parse_cpu_list(value.get<std::string>());
        if (!cpus) return pass_up(std::move(cpus.error()), "an entry");
        entry_of(state, pod, name).cpus = std::move(*cpus);
        return {};
      });
  if (!done) return done;
  state.shared_cpus = std::move(*shared);
  state.cpu_policy = policy;
  return {};
}

Status add_memory_state(std::string_view text, KubeletState& state) {
  const auto document = object_of(text);
  if (!document) return tl::unexpected(document.error());
  const std::string policy = text_of(*document, "policyName");
  if (policy.empty()) return fail(ErrorCode::invalid_input, "it has no policyName");
  const auto done = each_entry(
      *document, [&](const std::string& pod, const std::string& name, const Json& value) -> Status {
        if (!value.is_array())
          return fail(ErrorCode::invalid_input, "an entry has no list of blocks");
        std::vector<int>& nodes = entry_of(state, pod, name).memory_numa;
        for (const Json& block : value) {
          if (!block.is_object()) continue;
          for (const Json& node : below(block, "numaAffinity")) {
            const bool fits = node.is_number_integer() && node.get<std::int64_t>() >= 0 &&
                              node.get<std::int64_t>() < kMostNumber;
            if (fits) nodes.push_back(node.get<int>());
          }
        }
        std::sort(nodes.begin(), nodes.end());
        nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
        return {};
      });
  if (!done) return done;
  state.memory_policy = policy;
  return {};
}

Status add_checkpoint(std::string_view text, KubeletState& state) {
  const auto document = object_of(text);
  if (!document) return tl::unexpected(document.error());
  const auto data = document->find("Data");
  if (data == document->end() || !data->is_object()) {
    return fail(ErrorCode::invalid_input, "it has no Data");
  }
  std::vector<PluginEntry> plugins;
  for (const Json& entry : below(*data, "PodDeviceEntries")) {
    if (!entry.is_object()) return fail(ErrorCode::invalid_input, "an entry is no object");
    PluginEntry read{text_of(entry, "PodUID"),
                     text_of(entry, "ContainerName"),
                     text_of(entry, "ResourceName"),
                     {}};
    add_ids(below(entry, "DeviceIDs"), read.devices);
    if (plugins.size() >= kMostEntries) return fail(ErrorCode::invalid_input, "too many entries");
    plugins.push_back(std::move(read));
  }
  state.plugins = std::move(plugins);
  return {};
}

Status add_kubelet_config(std::string_view text, KubeletState& state) {
  auto documents = parse_yaml(text);
  if (!documents) return tl::unexpected(std::move(documents.error()));
  for (const Json& document : *documents) {
    if (!document.is_object() || text_of(document, "kind") != "KubeletConfiguration") continue;
    state.topology_policy = text_of(document, "topologyManagerPolicy");
    state.topology_scope = text_of(document, "topologyManagerScope");
    return {};
  }
  return fail(ErrorCode::invalid_input, "it is no KubeletConfiguration");
}

Result<KubeletState> read_kubelet_state(const fs::path& folder) {
  std::error_code problem;
  if (!fs::is_directory(folder, problem)) {
    return fail(ErrorCode::not_found, folder.string() + " is no folder that can be seen");
  }
  KubeletState state;
  const auto add = [&](const char* name, Status (*take)(std::string_view, KubeletState&)) {
    if (auto added = add_file(folder / name, state, take); !added)
      state.problems.push_back(added.error().message);
  };
  add("cpu_manager_state", add_cpu_state);
  add("memory_manager_state", add_memory_state);
  add("device-plugins/kubelet_internal_checkpoint", add_checkpoint);
  add("dra_manager_state", add_dra_state);
  add("config.yaml", add_kubelet_config);
  return state;
}

}  // namespace plumbline::netcheck::claims
