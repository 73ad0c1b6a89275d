#include <array>

#include "probes/drivers/nvml/nvml_gpus.hpp"
#include "probes/drivers/nvml/nvml_read.hpp"

namespace plumbline::probes::nvml {

namespace {

/// The value of a field in whichever of NVML's types it came (nvmlValueType_t).
std::optional<std::uint64_t> count_of(const FieldValue& field) {
  switch (field.type) {
    case 1:
      return field.value.unsigned_int;
    case 2:
      return field.value.unsigned_long;
    case 3:
      return field.value.unsigned_long_long;
    case 4:
      if (field.value.signed_long_long < 0) return std::nullopt;
      return static_cast<std::uint64_t>(field.value.signed_long_long);
    case 5:
      if (field.value.signed_int < 0) return std::nullopt;
      return static_cast<std::uint64_t>(field.value.signed_int);
    case 6:
      return field.value.unsigned_short;
    default:
      return std::nullopt;
  }
}

constexpr std::array<std::pair<unsigned long long, const char*>, 6> kThrottle{{
    {0x04, "power_cap"},
    {0x08, "hw_slowdown"},
    {0x10, "sync_boost"},
    {0x20, "sw_thermal"},
    {0x40, "hw_thermal"},
    {0x80, "power_brake"},
}};

/// Parts of the health mask of two bits each: 1 says that it is so, 2 that it is not.
constexpr std::array<std::pair<unsigned, const char*>, 4> kBad{{
    {0, "degraded_bandwidth"},
    {2, "route_recovery"},
    {4, "route_unhealthy"},
    {6, "access_timeout_recovery"},
}};

}  // namespace

std::string Reader::text(Return (*call)(Handle, char*, unsigned), const char* doing) const {
  std::array<char, 96> text{};
  if (call == nullptr) return {};
  const Return code = call(gpu_, text.data(), static_cast<unsigned>(text.size() - 1));
  return good(code, doing) ? text.data() : "";
}

std::optional<std::uint64_t> Reader::field(unsigned id, unsigned scope, const char* doing) const {
  if (calls().field_values == nullptr) return std::nullopt;
  FieldValue value{};
  value.field = id;
  value.scope = scope;
  if (!good(calls().field_values(gpu_, 1, &value), doing)) return std::nullopt;
  // A field that this driver or chip does not know has one of several codes; none is a fault.
  if (value.result != kSuccess) return std::nullopt;
  return count_of(value);
}

bool Reader::good(Return code, const char* doing) const {
  if (code == kSuccess) return true;
  if (code != kNotSupported && code != kFunctionNotFound && code != kArgumentVersionMismatch) {
    problems_.push_back(library_.error(code, doing).message);
  }
  return false;
}

std::vector<std::string> throttle_words(unsigned long long reasons) {
  std::vector<std::string> words;
  for (const auto& [bit, word] : kThrottle) {
    if ((reasons & bit) != 0) words.emplace_back(word);
  }
  return words;
}

std::vector<std::string> unhealthy_words(unsigned mask) {
  std::vector<std::string> words;
  for (const auto& [shift, word] : kBad) {
    if ((mask >> shift & 3U) == 1) words.emplace_back(word);
  }
  const unsigned configuration = mask >> 8U & 15U;
  if (configuration > 1) words.push_back("configuration_" + std::to_string(configuration));
  if ((mask >> 12U & 3U) == 2) words.emplace_back("no_partition");
  return words;
}

}  // namespace plumbline::probes::nvml
