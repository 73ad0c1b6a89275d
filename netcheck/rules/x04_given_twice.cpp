#include <map>
#include <utility>

#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"
#include "netcheck/rules/rules.hpp"

namespace plumbline::netcheck {
namespace {

/// Whoever gets the device has it alone: no admin access, no share of it.
bool is_whole(const Facts& facts, const AllocatedDevice& device) {
  if (device.admin_access || !device.share_id.empty() || !device.consumed_capacity.empty())
    return false;
  const auto published = find_published(facts, device.driver, device.pool, device.device);
  return !published || !published->device->shared;
}

Finding given_to_both(const Given& one, const Given& other) {
  const std::string device = text_of(one.device());
  Finding finding;
  finding.rule = "X04";
  finding.verdict = Verdict::violation;
  finding.tier = "A";
  finding.subject = {"claim", full_name(other.claim->meta), other.claim->node, ""};
  finding.claim = quote_given(other);
  const ClaimRef first = quote_given(one);
  finding.evidence.push_back(
      {first.kind + " " + full_name(one.claim->meta) + " " + first.path, first.value, ""});
  finding.message = device + " was given to claim " + full_name(other.claim->meta) +
                    " and to claim " + full_name(one.claim->meta) +
                    " at once, and nothing says that it can be shared.";
  finding.next_step =
      "Delete the pods of one of the two claims; look whether the pool " + one.device().pool +
      " changed while devices were given (scheduler's and driver's logs, doubled device names).";
  return finding;
}

}  // namespace

std::vector<Finding> x04_given_twice(const Facts& facts) {
  if (!facts.claims) return {};
  std::map<std::string, Given> first;  // who has each device
  std::vector<Finding> findings;
  for (const DeviceClaim& claim : facts.claims->claims) {
    if (claim.is_template || !claim.allocated) continue;
    for (std::size_t i = 0; i < claim.devices.size(); ++i) {
      const Given given{&claim, i};
      if (!is_whole(facts, given.device())) continue;
      const auto [at, fresh] = first.emplace(text_of(given.device()), given);
      // A claim of the same name is an older recording of it.
      const bool same = full_name(at->second.claim->meta) == full_name(claim.meta);
      if (!fresh && !same) findings.push_back(given_to_both(at->second, given));
    }
  }
  return findings;
}

}  // namespace plumbline::netcheck
