#include <nlohmann/json.hpp>
#include <string>

#include "netcheck/claims/documents.hpp"
#include "netcheck/claims/json_text.hpp"
#include "netcheck/claims/kubelet_state.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;
constexpr std::size_t kMostClaims = 100'000;
constexpr std::size_t kMostDevices = 4096;  ///< of one claim; the API allows 32

const Json* object_in(const Json& parent, const char* name) {
  const auto found = parent.find(name);
  return found != parent.end() && found->is_object() ? &*found : nullptr;
}

const Json* list_in(const Json& parent, const char* name) {
  const auto found = parent.find(name);
  return found != parent.end() && found->is_array() ? &*found : nullptr;
}

Status add_devices(const std::string& driver, const Json& told, PreparedClaim& claim) {
  const Json* const devices = told.is_object() ? list_in(told, "Devices") : nullptr;
  if (devices == nullptr) return {};  // null: the driver told of none
  for (const Json& device : *devices) {
    const bool named = device.is_object() && !text_of(device, "DeviceName").empty();
    if (!named) return fail(ErrorCode::invalid_input, "a device of " + driver + " has no name");
    if (claim.devices.size() >= kMostDevices) {
      return fail(ErrorCode::invalid_input, "too many devices in one claim");
    }
    claim.devices.push_back({driver, text_of(device, "PoolName"), text_of(device, "DeviceName")});
  }
  return {};
}

Result<PreparedClaim> claim_of(const Json& entry) {
  if (!entry.is_object()) return fail(ErrorCode::invalid_input, "an entry is no object");
  PreparedClaim claim{
      text_of(entry, "ClaimUID"), text_of(entry, "Namespace"), text_of(entry, "ClaimName"), {}, {}};
  if (claim.uid.empty()) return fail(ErrorCode::invalid_input, "an entry has no ClaimUID");
  const Json* const drivers = object_in(entry, "DriverState");
  if (drivers == nullptr) {
    return fail(ErrorCode::invalid_input, "an entry has no DriverState (before Kubernetes 1.31)");
  }
  if (const Json* const pods = object_in(entry, "PodUIDs")) {
    for (const auto& [uid, nothing] : pods->items())
      claim.pod_uids.push_back(uid);
  }
  for (const auto& [driver, told] : drivers->items()) {
    if (auto added = add_devices(driver, told, claim); !added)
      return tl::unexpected(std::move(added.error()));
  }
  return claim;
}

Result<Json> one_object(std::string_view text) {
  auto parsed = parse_json(text);
  if (!parsed) return tl::unexpected(std::move(parsed.error()));
  if (!parsed->front().is_object()) return fail(ErrorCode::invalid_input, "not a JSON object");
  return std::move(parsed->front());
}

}  // namespace

Status add_dra_state(std::string_view text, KubeletState& state) {
  const auto outer = one_object(text);
  if (!outer) return tl::unexpected(outer.error());
  const std::string inner = text_of(*outer, "Data");
  if (inner.empty()) return fail(ErrorCode::invalid_input, "it has no Data that is a text");
  const auto data = one_object(inner);
  if (!data) return pass_up(Error(data.error()), "its Data");
  std::vector<PreparedClaim> claims;
  const Json* entries = list_in(*data, "ClaimInfoStateList");
  if (entries == nullptr) entries = list_in(*data, "Entries");
  const bool of_its_kind = text_of(*data, "kind") == "DRACheckpoint";
  if (entries == nullptr && !of_its_kind) {
    return fail(ErrorCode::invalid_input, "its Data is no DRACheckpoint");
  }
  // A kubelet that prepared nothing writes null instead of a list.
  for (const Json& entry : entries == nullptr ? Json::array() : *entries) {
    if (claims.size() >= kMostClaims) return fail(ErrorCode::invalid_input, "too many entries");
    auto claim = claim_of(entry);
    if (!claim) return tl::unexpected(std::move(claim.error()));
    claims.push_back(std::move(*claim));
  }
  state.claims = std::move(claims);
  return {};
}

}  // namespace plumbline::netcheck::claims
