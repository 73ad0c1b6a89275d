#include "netcheck/rules/alignment.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "netcheck/rules/lookup.hpp"
#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

using Answer = Satisfiable::Answer;

/// One device that a claim was given, with what is published of it.
struct GivenDevice {
  const AllocatedDevice* given = nullptr;
  std::optional<Offered> offered;
};

std::string text_of(const GivenDevice& device) {
  return device.given->pool + "/" + device.given->device;
}

class Judge {
 public:
  Judge(const Facts& facts, const Nearness& nearness)
      : nearness_(&nearness), offers_(*facts.claims), satisfiability_(offers_) {
    for (const NodeFacts& node : facts.nodes) {
      if (!node.topology) continue;
      for (const PciDevice& device : node.topology->pci_devices)
        pci_[node.node + "\n" + device.address] = &device;
    }
  }

  void judge(const DeviceClaim& claim) {
    bool asked = false;
    for (std::size_t i = 0; i < claim.constraints.size(); ++i) {
      if (!nearness_->is_attribute(claim.constraints[i].attribute)) continue;
      asked = asked || (covered(claim, claim.constraints[i]).size() > 1 || !claim.allocated);
      if (claim.allocated) {
        judge_given(claim, i);
      } else {
        judge_waiting(claim, i);
      }
    }
    if (!asked && claim.allocated) judge_unasked(claim);
  }

  std::vector<Finding> take() { return std::move(findings_); }

 private:
  Finding begin(const DeviceClaim& claim) const {
    Finding finding;
    finding.rule = nearness_->rule;
    finding.tier = "A";
    finding.subject = {"claim", full_name(claim.meta), claim.node, ""};
    return finding;
  }

  Finding begin(const DeviceClaim& claim, std::size_t constraint) const {
    Finding finding = begin(claim);
    const DeviceConstraint& asked = claim.constraints[constraint];
    finding.claim = quote_constraint(claim, constraint);
    finding.message = title(claim) + " asks for " +
                      (asked.distinct ? "different values of " : "one value of ") +
                      asked.attribute +
                      (asked.requests.empty() ? std::string(" over all its devices")
                                              : " over " + listed(asked.requests));
    return finding;
  }

  static std::string title(const DeviceClaim& claim) {
    return (claim.is_template ? "Template " : "Claim ") + full_name(claim.meta);
  }

  void add(Finding finding, Verdict verdict, const std::string& message, const std::string& next) {
    finding.verdict = verdict;
    finding.message += message;
    finding.next_step = next;
    findings_.push_back(std::move(finding));
  }

  /// Devices of the claim; admin access never counts.
  std::vector<GivenDevice> devices(const DeviceClaim& claim) const {
    std::vector<GivenDevice> all;
    for (const AllocatedDevice& given : claim.devices) {
      if (!given.admin_access) all.push_back({&given, offers_.find(given)});
    }
    return all;
  }

  std::vector<GivenDevice> covered(const DeviceClaim& claim,
                                   const DeviceConstraint& constraint) const {
    std::vector<GivenDevice> all = devices(claim);
    std::erase_if(
        all, [&](const GivenDevice& device) { return !covers(constraint, device.given->request); });
    return all;
  }

  void judge_waiting(const DeviceClaim& claim, std::size_t constraint) {
    if (claim.constraints[constraint].distinct) return;
    const Satisfiable& found = satisfiability_.of(claim, claim.constraints[constraint]);
    // A template that can be met is no claim yet; what its claims get is told by them.
    if (claim.is_template && found.answer != Answer::impossible) return;
    Finding finding = begin(claim, constraint);
    if (found.answer == Answer::impossible) {
      add(std::move(finding), Verdict::violation,
          ", which can never be satisfied here: " + found.why + ".",
          "Ask for what the hardware has, or let the drivers publish the same attribute; until "
          "then its pods stay pending for ever.");
    } else if (found.answer == Answer::possible) {
      add(std::move(finding), Verdict::vacuous,
          " and is not allocated, so nothing is proven; it could be: " + found.why + ".",
          "Look at why it waits (kubectl describe resourceclaim), if its pod should run.");
    } else {
      add(std::move(finding), Verdict::unobservable,
          " and is not allocated; whether it ever can be cannot be told: " + found.why + ".",
          "Read DeviceClasses and ResourceSlices too and run again.");
    }
  }

  /// Published values of the constraint's attribute; nothing when one is not known.
  std::optional<std::vector<std::set<std::string>>> values(const std::vector<GivenDevice>& given,
                                                           const std::string& attribute,
                                                           Finding& finding) const {
    std::vector<std::set<std::string>> all;
    for (const GivenDevice& device : given) {
      const auto published =
          device.offered ? values_of(*device.offered, attribute) : std::vector<std::string>();
      finding.evidence.push_back(
          {device.offered ? "ResourceSlice " + device.offered->slice->meta.name : "no slice has it",
           text_of(device) + " " + attribute + " " +
               (published.empty() ? "unknown" : listed(published)),
           ""});
      if (published.empty()) return std::nullopt;
      all.emplace_back(published.begin(), published.end());
    }
    return all;
  }

  static bool share_one(const std::vector<std::set<std::string>>& values) {
    return std::any_of(values.front().begin(), values.front().end(), [&](const std::string& value) {
      return std::all_of(values.begin(), values.end(),
                         [&](const auto& set) { return set.count(value) > 0; });
    });
  }

  static bool all_differ(const std::vector<std::set<std::string>>& values) {
    std::set<std::string> seen;
    for (const auto& set : values) {
      for (const std::string& value : set) {
        if (!seen.insert(value).second) return false;
      }
    }
    return true;
  }

  void judge_given(const DeviceClaim& claim, std::size_t constraint) {
    const DeviceConstraint& asked = claim.constraints[constraint];
    const auto given = covered(claim, asked);
    Finding finding = begin(claim, constraint);
    if (given.size() < 2) {
      if (!given.empty()) {
        add(std::move(finding), Verdict::vacuous, ", but that is one device, so nothing is proven.",
            "Nothing to do.");
      }
      return;
    }
    const auto published = values(given, asked.attribute, finding);
    if (!published) {
      const std::string reason = finding.evidence.back().value;
      return add(std::move(finding), Verdict::unobservable,
                 "; what its devices publish now cannot be told: " + reason + ".",
                 "The pool may have a newer generation; look whether the device is still there.");
    }
    const bool holds = asked.distinct ? all_differ(*published) : share_one(*published);
    if (!holds) {
      const std::string published_values = told(finding);
      return add(
          std::move(finding), Verdict::violation,
          ", but the devices that it was given publish " + published_values + ".",
          "Delete the pod and its claim so that it is allocated again; find out what changed "
          "the slice after the allocation.");
    }
    judge_truth(claim, given, asked, std::move(finding));
  }

  static std::string told(const Finding& finding) {
    std::vector<std::string> parts;
    for (const Evidence& evidence : finding.evidence)
      parts.push_back(evidence.value);
    return listed(parts);
  }

  /// The published values agree; the node's own word and the layout decide what that is worth.
  void judge_truth(const DeviceClaim& claim, const std::vector<GivenDevice>& given,
                   const DeviceConstraint& asked, Finding finding) {
    const auto real = real_places(given, finding);
    if (real.size() > 1 && !asked.distinct) {
      return add(std::move(finding), Verdict::violation,
                 ", and the slices say so, but on the node they are on " +
                     listed({real.begin(), real.end()}) + ".",
                 "Restart the DRA drivers of the node and compare their slices with sysfs.");
    }
    if (one_place_only(given, asked.attribute)) {
      return add(std::move(finding), Verdict::vacuous,
                 ", and has it, as any devices of " + claim.node +
                     " would: all publish the same value, so nothing is proven (a virtual machine "
                     "shows one root).",
                 "Measure the path between the devices instead.");
    }
    const std::string published_values = told(finding);
    add(std::move(finding), Verdict::match, ", and has it: " + published_values + ".",
        "Nothing to do.");
  }

  std::set<std::string> real_places(const std::vector<GivenDevice>& given, Finding& finding) const {
    std::set<std::string> places;
    for (const GivenDevice& device : given) {
      const PciDevice* const function = function_of(*device.offered);
      const auto place = function == nullptr ? std::nullopt : nearness_->real_place(*function);
      if (!place) continue;
      places.insert(*place);
      finding.evidence.push_back({"sysfs of " + device.offered->node(),
                                  function->address + " " + nearness_->word + " " + *place, ""});
    }
    return places;
  }

  /// The PCI function of a published device, where its node told of it; null otherwise.
  const PciDevice* function_of(const Offered& offered) const {
    const std::string address = pci_address_of(offered);
    const auto found = pci_.find(offered.node() + "\n" + address);
    return address.empty() || found == pci_.end() ? nullptr : found->second;
  }

  /// True when the node's devices of these drivers all publish one value, and are more than given.
  bool one_place_only(const std::vector<GivenDevice>& given, const std::string& attribute) {
    const std::string& node = given.front().offered->node();
    std::set<std::string> drivers;
    for (const GivenDevice& device : given)
      drivers.insert(device.given->driver);
    std::set<std::string> values;
    for (const std::string& driver : drivers) {
      const auto& there = places_on(driver, node, attribute);
      values.insert(there.begin(), there.end());
    }
    return values.size() == 1;
  }

  const std::set<std::string>& places_on(const std::string& driver, const std::string& node,
                                         const std::string& attribute) {
    const std::string key = driver + "\n" + attribute;
    auto [at, fresh] = places_.try_emplace(key);
    if (fresh) {
      for (const Offered& device : offers_.of_driver(driver)) {
        for (const std::string& value : values_of(device, attribute))
          at->second[device.node()].insert(value);
      }
    }
    return at->second[node];
  }

  /// Literal selectors on this attribute: request -> value.
  std::map<std::string, std::string> pinned(const DeviceClaim& claim) const {
    std::map<std::string, std::string> pins;
    for (const DeviceRequest& request : claim.requests) {
      for (const std::string& selector : request.selectors) {
        for (const LiteralTest& test : literal_tests(selector).tests) {
          if (nearness_->is_attribute(test.attribute)) pins[request.name] = test.value;
        }
      }
    }
    return pins;
  }

  void judge_unasked(const DeviceClaim& claim) {
    const auto given = devices(claim);
    std::map<std::string, std::vector<std::string>> by_place;
    Finding finding = begin(claim);
    std::set<std::string> kinds;
    for (const GivenDevice& device : given) {
      auto place = device.offered ? nearness_->place_of(*device.offered) : std::nullopt;
      // What the driver does not publish the node may know.
      const PciDevice* const function =
          device.offered && !place ? function_of(*device.offered) : nullptr;
      if (function != nullptr) place = nearness_->real_place(*function);
      if (!place) continue;
      kinds.insert(kind_of(*device.offered));
      by_place[*place].push_back(text_of(device));
      finding.evidence.push_back({function != nullptr
                                      ? "sysfs of " + device.offered->node()
                                      : "ResourceSlice " + device.offered->slice->meta.name,
                                  text_of(device) + " " + nearness_->word + " " + *place, ""});
    }
    // Devices of one kind have a PCIe root each; nobody expects them on one.
    if (finding.evidence.size() < 2 || (kinds.size() < 2 && !nearness_->one_kind_matters)) return;
    finding.claim = quote_claim(claim);
    const auto pins = pinned(claim);
    const bool together = by_place.size() == 1;
    std::vector<std::string> parts;
    for (const auto& [place, names] : by_place)
      parts.push_back(place + " (" + listed(names) + ")");
    std::set<std::string> wanted;
    for (const auto& [request, value] : pins)
      wanted.insert(value);
    if (together && wanted.size() == 1 && pins.size() == claim.requests.size()) {
      return add(std::move(finding), Verdict::match,
                 title(claim) + " asks by its selectors for " + nearness_->word + " " +
                     *wanted.begin() + " and has it: " + listed(parts) + ".",
                 "Nothing to do.");
    }
    const std::string who =
        wanted.size() > 1 ? "by the claim's own selectors" : "although nobody asked for it";
    if (together) {
      return add(std::move(finding), Verdict::unclaimed,
                 title(claim) + " has all its devices on one " + nearness_->word + ", " + who +
                     ": " + listed(parts) + ".",
                 "Add a matchAttribute constraint if the work depends on it; the next allocation "
                 "may differ.");
    }
    add(std::move(finding), Verdict::unclaimed,
        title(claim) + " has devices on " + std::to_string(by_place.size()) + " different " +
            nearness_->word + "s, " +
            (wanted.size() > 1 ? "by its own selectors" : "and asked for nothing else") + ": " +
            listed(parts) + ".",
        wanted.size() > 1
            ? "Change the selectors: traffic between these devices crosses " + nearness_->word +
                  "s."
            : "Add a matchAttribute constraint if the devices should be near each other.");
  }

  const Nearness* nearness_;
  Offers offers_;
  Satisfiability satisfiability_;
  std::unordered_map<std::string, const PciDevice*> pci_;
  std::map<std::string, std::map<std::string, std::set<std::string>>> places_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> judge_nearness(const Facts& facts, const Nearness& nearness) {
  if (!facts.claims) return without_claims(facts, nearness.rule, "A");
  Judge judge(facts, nearness);
  for (const DeviceClaim& claim : facts.claims->claims) {
    if (claim.node.empty() || in_scope(facts, claim.node)) judge.judge(claim);
  }
  std::set<std::string> used;
  for (const PodClaim& pod : facts.claims->pods) {
    for (const std::string& name : pod.claim_templates)
      used.insert(pod.meta.name_space + "/" + name);
  }
  for (const DeviceClaim& one : facts.claims->templates) {
    if (used.count(full_name(one.meta)) == 0) judge.judge(one);
  }
  return judge.take();
}

}  // namespace plumbline::netcheck
