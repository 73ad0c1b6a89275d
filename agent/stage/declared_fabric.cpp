#include "agent/stage/declared_fabric.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/files.hpp"
#include "netcheck/subnet.hpp"

namespace plumbline::agent {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t kFileMost = 1U << 20U;
constexpr const char* kDeclared = "plumbline.declared/v1";
constexpr const char* kStage = "plumbline.stage/v1";

void read_rail(YamlSection rail, netcheck::Fabric& fabric) {
  netcheck::DeclaredRail declared;
  declared.name = rail.text("name");
  declared.subnet = rail.text("subnet");
  declared.nic_rate = rail.rate("nic_rate");
  declared.uplink_rate = rail.rate("uplink_rate");
  for (auto& uplink : rail.sections("uplinks")) {
    const std::string rack = uplink.text("rack");
    const auto rate = uplink.rate("rate");
    if (!rate) uplink.complain("rate", "is missing");
    if (rate) declared.uplinks[rack] = *rate;
    uplink.done();
  }
  rail.done();
  if (!netcheck::parse_subnet(declared.subnet))
    rail.complain("subnet", "is no network: write 10.70.1.0/24 or fd00:70:1::/64");
  const bool twice = std::any_of(fabric.rails.begin(), fabric.rails.end(),
                                 [&](const auto& other) { return other.name == declared.name; });
  if (twice) rail.complain("name", "\"" + declared.name + "\" stands twice");
  fabric.rails.push_back(std::move(declared));
}

/// A rate so that reading gives the same one.
std::string rate_text(BytesPerSecond rate) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.17gB/s", rate.value);
  return text.data();
}

Json rail_of(const netcheck::DeclaredRail& rail) {
  Json json{{"name", rail.name}, {"subnet", rail.subnet}};
  if (rail.nic_rate) json["nic_rate"] = rate_text(*rail.nic_rate);
  if (rail.uplink_rate) json["uplink_rate"] = rate_text(*rail.uplink_rate);
  for (const auto& [rack, rate] : rail.uplinks)
    json["uplinks"].push_back({{"rack", rack}, {"rate", rate_text(rate)}});
  return json;
}

netcheck::Fabric read_declared(YamlSection& top) {
  const std::string schema = top.text("schema");
  if (schema != kStage && schema != kDeclared)
    top.complain("schema", "is neither " + std::string(kStage) + " nor " + kDeclared);
  if (!top.has("fabric")) top.complain("fabric", "is missing: write rack_label and rails under it");
  YamlSection section = top.section("fabric");
  netcheck::Fabric fabric = read_fabric(section);
  static_cast<void>(section.text_or("management", ""));  // for mpirun alone
  section.done();
  return fabric;
}

}  // namespace

netcheck::Fabric read_fabric(YamlSection& fabric) {
  netcheck::Fabric declared;
  declared.rack_label = fabric.text_or("rack_label", "");
  for (auto& rail : fabric.sections("rails"))
    read_rail(rail, declared);
  return declared;
}

Result<netcheck::Fabric> read_declared_fabric(const std::filesystem::path& path) {
  const auto text = read_file(path, kFileMost);
  if (!text) return tl::unexpected(text.error());
  auto fabric = read_yaml(*text, read_declared);
  if (!fabric) return pass_up(std::move(fabric.error()), path.string());
  return fabric;
}

std::string declared_text(const netcheck::Fabric& fabric) {
  Json rails = Json::array();
  for (const netcheck::DeclaredRail& rail : fabric.rails)
    rails.push_back(rail_of(rail));
  Json declared{{"rails", rails}};
  if (!fabric.rack_label.empty()) declared["rack_label"] = fabric.rack_label;
  return Json{{"schema", kDeclared}, {"fabric", declared}}.dump();
}

}  // namespace plumbline::agent
