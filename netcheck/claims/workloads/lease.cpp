#include "netcheck/claims/workloads/lease.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

#include "netcheck/claims/json_text.hpp"

namespace plumbline::netcheck::claims {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kUpToSeconds = 19;  // "2026-11-23T06:24:35"

/// As MicroTime is written: six digits behind the point.
std::string micro_time(const std::string& wall_time) {
  const std::string fraction =
      wall_time.size() > kUpToSeconds && wall_time[kUpToSeconds] == '.'
          ? wall_time.substr(kUpToSeconds + 1, wall_time.find('Z') - kUpToSeconds - 1)
          : "";
  std::string digits = fraction.substr(0, 6);
  digits.resize(6, '0');
  return wall_time.substr(0, kUpToSeconds) + "." + digits + "Z";
}

std::optional<int> whole(const std::string& text, std::size_t at, std::size_t length) {
  int value = 0;
  const char* const begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + length, value);
  if (error != std::errc{} || end != begin + length) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::int64_t> seconds_of(const std::string& wall_time) {
  if (wall_time.size() <= kUpToSeconds || wall_time.back() != 'Z') return std::nullopt;
  constexpr std::array<std::pair<std::size_t, std::size_t>, 6> places{
      {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}}};
  std::array<int, 6> parts{};
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto value = whole(wall_time, places[i].first, places[i].second);
    if (!value || *value < 0) return std::nullopt;
    parts[i] = *value;
  }
  const std::chrono::year_month_day day{std::chrono::year(parts[0]),
                                        std::chrono::month(static_cast<unsigned>(parts[1])),
                                        std::chrono::day(static_cast<unsigned>(parts[2]))};
  if (!day.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  return ((days * 24 + parts[3]) * 60 + parts[4]) * 60 + parts[5];
}

Json lease_object(const std::string& run, const std::string& name_space,
                  const std::string& acquired, const std::string& now) {
  return {{"apiVersion", "coordination.k8s.io/v1"},
          {"kind", "Lease"},
          {"metadata",
           {{"name", object_name(run)},
            {"namespace", name_space},
            {"labels", {{"app.kubernetes.io/part-of", "plumbline"}, {kRunLabel, run}}}}},
          {"spec",
           {{"holderIdentity", "plumbline stage, run " + run},
            {"leaseDurationSeconds", kLeaseSeconds},
            {"acquireTime", micro_time(acquired)},
            {"renewTime", micro_time(now)}}}};
}

bool lease_expired(const Json& lease, const std::string& now) {
  const auto spec = lease.find("spec");
  if (spec == lease.end() || !spec->is_object()) return false;
  const auto duration = spec->find("leaseDurationSeconds");
  const auto renewed = seconds_of(text_of(*spec, "renewTime"));
  const auto at = seconds_of(now);
  if (!renewed || !at || duration == spec->end() || !duration->is_number_integer()) return false;
  return *at > *renewed + 2 * duration->get<std::int64_t>();
}

}  // namespace plumbline::netcheck::claims
