#include "netcheck/claims/read_again.hpp"

#include <charconv>
#include <string_view>

namespace plumbline::netcheck::claims {
namespace {

using Text = std::optional<std::string>;

std::string full_name(const ObjectMeta& meta) {
  return meta.name_space.empty() ? meta.name : meta.name_space + "/" + meta.name;
}

template <typename T>
const T* find(const std::vector<T>& objects, const std::string& name) {
  for (const T& object : objects) {
    if (full_name(object.meta) == name) return &object;
  }
  return nullptr;
}

/// What is between `before` and `after` in `path`; nothing when path is not of that form.
Text between(std::string_view path, std::string_view before, std::string_view after) {
  if (path.size() < before.size() + after.size()) return std::nullopt;
  if (!path.starts_with(before) || !path.ends_with(after)) return std::nullopt;
  path.remove_prefix(before.size());
  path.remove_suffix(after.size());
  return std::string(path);
}

std::optional<std::size_t> index(std::string_view text) {
  std::size_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts)
    text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string text_of(const AttributeValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return joined(*list);
  return std::get<std::string>(value);
}

Text value_in(const std::map<std::string, std::string>& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? Text() : Text(found->second);
}

Text value_in(const SliceClaim& slice, const std::string& path) {
  if (path == "spec.nodeName") return slice.node;
  const auto rest = between(path, "spec.devices[", "");
  if (!rest) return std::nullopt;
  const auto close = rest->find(']');
  const auto at = index(std::string_view(*rest).substr(0, close));
  if (close == std::string::npos || !at || *at >= slice.devices.size()) return std::nullopt;
  const SliceDevice& device = slice.devices[*at];
  const std::string field = rest->substr(close + 1);
  if (field == ".name") return device.name;
  const auto name = between(field, ".attributes[", "]");
  const auto found = name ? device.attributes.find(*name) : device.attributes.end();
  return found == device.attributes.end() ? Text() : Text(text_of(found->second));
}

std::string text_of(const AllocatedDevice& device) {
  return device.driver + "/" + device.pool + "/" + device.device;
}

Text network_value(const AllocatedDevice& device, std::string_view field) {
  if (field == ".networkData.interfaceName") return device.interface_name;
  if (field == ".networkData.hardwareAddress") return device.hardware_address;
  if (field == ".networkData.ips") return joined(device.addresses);
  return std::nullopt;
}

/// The text of a constraint: the attribute it names.
Text constraint_value(const DeviceClaim& claim, const std::string& path) {
  const std::string base = claim.is_template ? "spec.spec.devices." : "spec.devices.";
  for (const char* const field : {"matchAttribute", "distinctAttribute"}) {
    const auto at = between(path, base + "constraints[", std::string("].") + field);
    const auto number = at ? index(*at) : std::nullopt;
    if (number && *number < claim.constraints.size()) return claim.constraints[*number].attribute;
  }
  if (path != base + "requests") return std::nullopt;
  std::vector<std::string> names;
  for (const DeviceRequest& request : claim.requests)
    names.push_back(request.name);
  return joined(names);
}

Text value_in(const DeviceClaim& claim, const std::string& path) {
  if (path.starts_with("spec.")) return constraint_value(claim, path);
  if (path == "status.allocation.devices.results") {
    std::vector<std::string> all;
    for (const AllocatedDevice& device : claim.devices)
      all.push_back(text_of(device));
    return joined(all);
  }
  if (const auto at = between(path, "status.allocation.devices.results[", "]")) {
    const auto number = index(*at);
    if (!number || *number >= claim.devices.size()) return std::nullopt;
    return text_of(claim.devices[*number]);
  }
  const auto rest = between(path, "status.devices[", "");
  if (!rest) return std::nullopt;
  const auto close = rest->find(']');
  const auto at = index(std::string_view(*rest).substr(0, close));
  if (close == std::string::npos || !at || *at >= claim.devices.size()) return std::nullopt;
  return network_value(claim.devices[*at], std::string_view(*rest).substr(close + 1));
}

Text value_in(const NodeClaim& node, const std::string& path) {
  if (const auto key = between(path, "metadata.labels[", "]")) {
    return value_in(node.meta.labels, *key);
  }
  const auto name = between(path, "status.allocatable[", "]");
  return name ? value_in(node.allocatable, *name) : std::nullopt;
}

Text value_in(const PodClaim& pod, const std::string& path) {
  return path == "spec.nodeName" ? Text(pod.node) : std::nullopt;
}

Text value_in(const PlacementClaim& placement, const std::string& path) {
  const bool least = path == placement.least_path && !path.empty();
  if (least) return std::to_string(placement.least_members);
  if (path != placement.path) return std::nullopt;
  return placement.value.empty() ? placement.one_domain : Text(placement.value);
}

Text value_in(const AlignmentPolicy& policy, const std::string& path) {
  return path == policy.path ? Text(policy.value) : std::nullopt;
}

struct Found {
  std::string uid;
  Text value;
};

template <typename T>
std::optional<Found> look(const std::vector<T>& objects, const ClaimRef& claim) {
  const T* object = find(objects, claim.name);
  if (object == nullptr) return std::nullopt;
  return Found{object->meta.uid, value_in(*object, claim.path)};
}

/// A PodGroup may stand in the view several times, once for each topology key.
std::optional<Found> look_at_group(const AllocationView& view, const ClaimRef& claim) {
  std::optional<Found> found;
  for (const PlacementClaim& placement : view.placements) {
    if (full_name(placement.meta) != claim.name || placement.kind != claim.kind) continue;
    if (!found) found = Found{placement.meta.uid, std::nullopt};
    if (!found->value) found->value = value_in(placement, claim.path);
  }
  return found;
}

std::optional<Found> look(const ClaimRef& claim, const AllocationView& view) {
  if (claim.kind == "ResourceSlice") return look(view.slices, claim);
  if (claim.kind == "ResourceClaim") return look(view.claims, claim);
  if (claim.kind == "Node") return look(view.nodes, claim);
  if (claim.kind == "Pod" && claim.path == "spec.nodeName") return look(view.pods, claim);
  if (claim.kind == "ResourceClaimTemplate") return look(view.templates, claim);
  if (claim.kind == "NodeResourceTopology" || claim.kind == "KubeletConfigz") {
    return look(view.policies, claim);
  }
  return look_at_group(view, claim);
}

}  // namespace

std::optional<std::string> value_of(const ClaimRef& claim, const AllocationView& view) {
  const auto found = look(claim, view);
  return found ? found->value : std::nullopt;
}

std::optional<std::string> changed(const ClaimRef& claim, const AllocationView& view) {
  const std::string what = claim.kind + " " + claim.name;
  const auto found = look(claim, view);
  if (!found) return what + " is gone";
  if (found->uid != claim.uid) {
    return what + " is another object: uid " + claim.uid + " before, " + found->uid + " now";
  }
  // What was absent was quoted as empty, and is absent still.
  if (!found->value && claim.value.empty()) return std::nullopt;
  if (!found->value) return what + " has no " + claim.path + " any more";
  if (*found->value != claim.value) {
    return what + " " + claim.path + " was " + claim.value + " and is " + *found->value;
  }
  return std::nullopt;
}

}  // namespace plumbline::netcheck::claims
