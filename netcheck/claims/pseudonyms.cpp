#include "netcheck/claims/pseudonyms.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/gid.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kDefaultPrefix = "fe80:0000:0000:0000";  // of a subnet nobody named
constexpr std::string_view kNoGuid = "0000:0000:0000:0000";

/// Fields that hold a name, by what the name is of.
struct Sensitive {
  std::string_view key;
  std::string_view kind;
};
constexpr std::array<Sensitive, 32> kSensitive{{
    {"nodeName", "node"},
    {"node", "node"},
    {"namespace", "namespace"},
    {"uid", "uid"},
    {"generateName", "object"},
    {"podGroupName", "object"},
    {"resourceClaimName", "object"},
    {"resourceClaimTemplateName", "object"},
    {"parentCompositePodGroupName", "object"},
    {"topologyName", "object"},
    {"pod_namespace", "namespace"},
    {"pod_name", "object"},
    {"pod_uid", "uid"},
    {"boot_id", "uid"},
    {"claim", "object"},
    {"containerID", "uid"},
    {"container_id", "uid"},
    {"hardwareAddress", "mac"},
    {"mac", "mac"},
    {"gid", "gid"},
    {"node_guid", "guid"},
    {"system_guid", "guid"},
    {"subnet_prefix", "guid"},
    {"uuid", "uuid"},
    {"resourceID", "uuid"},
    {"cliqueID", "place"},
    {"chassis_id", "place"},
    {"chassis_serial", "place"},
    {"system_name", "place"},
    {"rack", "place"},
    {"subnet", "address"},
    {"pool", "node"},
}};

/// Labels whose values say what a thing is, not which or where.
bool tells_nothing(const std::string& label) {
  constexpr std::array<std::string_view, 6> endings{
      "index", "size", "role", "replica-type", "replicatedjob-name", "podset"};
  const bool index = std::any_of(endings.begin(), endings.end(),
                                 [&](std::string_view end) { return label.ends_with(end); });
  const bool product = label.starts_with("nvidia.com/") && label != "nvidia.com/gpu.clique";
  return index || product || label == "kubernetes.io/arch" || label == "kubernetes.io/os" ||
         label == "node.kubernetes.io/instance-type";
}

/// Values that mean "not known" keep their meaning.
bool is_placeholder(const std::string& value) {
  return value.empty() || value == "no-imds-data" || value == "unknown" ||
         value == kDefaultPrefix || value == kNoGuid ||
         value.starts_with("00000000-0000-0000-0000-000000000000");
}

bool is_address(const std::string& value) {
  const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '.' ||
           c == ':' || c == '/';
  });
  return plain && (std::count(value.begin(), value.end(), '.') == 3 ||
                   std::count(value.begin(), value.end(), ':') > 1);
}

std::string numbered(const std::string& kind, int number, const std::string& word) {
  std::array<char, 64> text{};
  const auto high = static_cast<unsigned>(number) >> 8U;
  const auto low = static_cast<unsigned>(number) & 255U;
  if (kind == "mac") {
    std::snprintf(text.data(), text.size(), "02:00:00:00:%02x:%02x", high & 255U, low);
    return text.data();
  }
  if (kind == "guid") {
    std::snprintf(text.data(), text.size(), "0200:0000:%04x:%04x", high >> 8U,
                  static_cast<unsigned>(number) & 0xFFFFU);
    return text.data();
  }
  if (kind == "uuid") {
    std::snprintf(text.data(), text.size(), "00000000-0000-4000-8000-%012d", number);
    const bool prefixed = word.starts_with("GPU-") || word.starts_with("MIG-");
    return (prefixed ? word.substr(0, 4) : "") + text.data();
  }
  return kind + "-" + std::to_string(number);
}

}  // namespace

void Pseudonyms::add(const std::string& kind, const std::string& word) {
  if (is_placeholder(word) || known_.count(word) > 0) return;
  // Of "containerd://ID" and of "GPU-ID::2" the ID alone is the name, and has one pseudonym.
  const auto scheme = word.find("://");
  const auto share = word.find("::");
  if (kind == "uid" && scheme != std::string::npos) {
    const std::string id = word.substr(scheme + 3);
    add(kind, id);
    known_[word] = word.substr(0, scheme + 3) + of(id);
  } else if (kind == "uuid" && share != std::string::npos) {
    const std::string id = word.substr(0, share);
    add(kind, id);
    known_[word] = of(id) + word.substr(share);
  } else if (kind == "address" || kind == "gid") {
    add_address(kind, word);
  } else {
    known_[word] = numbered(kind, ++counts_[kind], word);
  }
}

void Pseudonyms::add_address(const std::string& kind, const std::string& word) {
  const std::string pseudonym = addresses_.of(word);
  if (pseudonym.empty()) {
    known_[word] = numbered(kind, ++counts_[kind], word);
  } else {
    // A port's GID of an address stays of that address.
    known_[word] = kind == "gid" ? gid_of(pseudonym) : pseudonym;
  }
}

void Pseudonyms::learn_field(const std::string& parent, const std::string& key, const Json& value) {
  if (!value.is_string()) return;
  const std::string word = value.get<std::string>();
  if (parent == "labels") {
    if (!tells_nothing(key)) add("place", word);
    return;
  }
  const bool object_name = key == "name" && (parent == "metadata" || parent == "reservedFor" ||
                                             parent == "ownerReferences" || parent == "pool" ||
                                             parent == "meta" || parent == "unhealthyNodes");
  if (object_name) return add("object", word);
  for (const Sensitive& one : kSensitive) {
    if (key == one.key) return add(std::string(one.kind), word);
  }
  if (word.starts_with("GPU-") || word.starts_with("MIG-")) return add("uuid", word);
  // Attributes stand as {"mac": {"string": ...}}.
  const std::string attribute = parent.substr(parent.find('/') + 1);
  if (attribute == "uuid" || attribute == "parentUUID") return add("uuid", word);
  if (attribute == "mac") return add("mac", word);
  if (is_address(word) && (key == "" || attribute == "ipv4" || attribute == "ipv6"))
    add(word.find('.') == std::string::npos && word.size() == 17 ? "mac" : "address", word);
}

void Pseudonyms::learn(const Json& document) {
  // A stack instead of recursion: (name of the container, name of the value, value).
  struct Open {
    std::string parent;
    std::string key;
    const Json* value;
  };
  std::vector<Open> open{{"", "", &document}};
  while (!open.empty()) {
    const Open at = std::move(open.back());
    open.pop_back();
    if (at.value->is_object()) {
      // A list's elements stand for the list's own name.
      const std::string name = at.key.empty() ? at.parent : at.key;
      for (const auto& [key, value] : at.value->items())
        open.push_back({name, key, &value});
    } else if (at.value->is_array()) {
      for (const Json& element : *at.value)
        open.push_back({at.key.empty() ? at.parent : at.key, "", &element});
    } else {
      learn_field(at.parent, at.key, *at.value);
    }
  }
}

std::string Pseudonyms::of(const std::string& word) const {
  const auto found = known_.find(word);
  return found == known_.end() ? word : found->second;
}

void Pseudonyms::replace(Json& document) const {
  std::vector<Json*> open{&document};
  while (!open.empty()) {
    Json* const at = open.back();
    open.pop_back();
    if (at->is_string()) {
      *at = of(at->get<std::string>());
    } else if (at->is_structured()) {
      for (Json& value : *at)
        open.push_back(&value);
    }
  }
}

}  // namespace plumbline::netcheck::claims
