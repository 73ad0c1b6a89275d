#include "probes/drivers/host/cloud_place.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace plumbline::probes {
namespace {

using nlohmann::json;

constexpr const char* kFile = "run/cloud-init/instance-data.json";
constexpr std::size_t kMostBytes = 4U << 20U;
constexpr std::size_t kMostText = 255;
constexpr std::size_t kMostFacts = 32;
constexpr std::array<const char*, 5> kStandard{"cloud_name", "platform", "region",
                                               "availability_zone", "instance_id"};

/// A text or a whole number as printable text; empty for anything else.
std::string text_of(const json& value) {
  std::string text;
  if (value.is_string()) text = value.get<std::string>();
  if (value.is_number_integer()) text = value.dump();
  text.resize(std::min(text.size(), kMostText));
  std::replace_if(
      text.begin(), text.end(), [](char letter) { return letter < 0x20 || letter > 0x7e; }, '?');
  return text;
}

/// A member of an object; null when there is none.
const json* member(const json* object, const char* name) {
  if (object == nullptr || !object->is_object()) return nullptr;
  const auto found = object->find(name);
  return found == object->end() ? nullptr : &*found;
}

}  // namespace

Result<CloudPlace> parse_instance_data(std::string_view text) {
  const json all = json::parse(text, nullptr, false);
  if (!all.is_object()) return fail(ErrorCode::invalid_input, "is no JSON object");
  CloudPlace place;
  const json* const standard = member(&all, "v1");
  for (const char* name : kStandard) {
    const json* const value = member(standard, name);
    const std::string words = value == nullptr ? "" : text_of(*value);
    if (!words.empty()) place.facts[name] = words;
  }
  const json* const placement = member(member(member(&all, "ds"), "meta_data"), "placement");
  if (placement != nullptr && placement->is_object()) {
    for (const auto& [name, value] : placement->items()) {
      const std::string words = text_of(value);
      if (!words.empty() && place.facts.size() < kMostFacts)
        place.facts["placement." + text_of(json(name))] = words;
    }
  }
  if (place.facts.empty())
    return fail(ErrorCode::not_found, "tells nothing of the machine's place");
  return place;
}

std::optional<CloudPlace> read_cloud_place(const FileTree& root,
                                           std::vector<std::string>& problems) {
  if (!root.exists(kFile)) return std::nullopt;
  auto place = root.read(kFile, kMostBytes).and_then([](const std::string& text) {
    return parse_instance_data(text);
  });
  if (!place) {
    problems.push_back("/" + std::string(kFile) + ": " + place.error().message);
    return std::nullopt;
  }
  place->source = "/" + std::string(kFile);
  return *place;
}

}  // namespace plumbline::probes
