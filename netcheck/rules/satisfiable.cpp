#include "netcheck/rules/satisfiable.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "netcheck/rules/quote.hpp"

namespace plumbline::netcheck {
namespace {

using Answer = Satisfiable::Answer;

/// How many candidates of one request a node has with each value of the attribute; a device that
/// may be given any number of times (allowMultipleAllocations) is as many as can be asked for.
using Supply = std::map<std::string, std::map<std::string, std::int64_t>>;

/// One alternative of a request, with what there is for it.
struct Option {
  const DeviceRequest* request = nullptr;
  Supply supply;
  Offers::Candidates candidates;
};

/// Alternatives by the name of their request: any one of them will do.
using Wants = std::map<std::string, std::vector<Option>>;

constexpr std::int64_t kAnyNumber = 1'000'000;

Supply supply_of(const std::vector<Offered>& devices, const std::string& attribute) {
  Supply supply;
  for (const Offered& device : devices) {
    for (const std::string& value : values_of(device, attribute))
      supply[device.node()][value] += device.device->shared ? kAnyNumber : 1;
  }
  return supply;
}

std::string parent_of(const DeviceRequest& request) {
  return request.name.substr(0, request.name.find('/'));
}

Wants wants_of(const Offers& offers, const DeviceClaim& claim, const DeviceConstraint& constraint) {
  Wants wants;
  for (const DeviceRequest& request : claim.requests) {
    if (!covers(constraint, request.name)) continue;
    Option option{&request, {}, offers.candidates(request)};
    option.supply = supply_of(option.candidates.devices, constraint.attribute);
    wants[parent_of(request)].push_back(std::move(option));
  }
  // Where an alternative is free of the constraint, that one can be taken.
  for (const DeviceRequest& request : claim.requests) {
    if (!covers(constraint, request.name)) wants.erase(parent_of(request));
  }
  return wants;
}

std::int64_t have(const Option& option, const std::string& node, const std::string& value) {
  const auto on_node = option.supply.find(node);
  if (on_node == option.supply.end()) return 0;
  const auto found = on_node->second.find(value);
  return found == on_node->second.end() ? 0 : found->second;
}

/// What a request needs of one value: all that there are is at least one.
std::int64_t need(const Option& option) { return option.request->all ? 1 : option.request->count; }

/// Why no device can ever be given to a request under this attribute; empty when some can.
std::string nothing_for(const std::vector<Option>& options, const std::string& attribute) {
  const DeviceRequest& request = *options.front().request;
  std::map<std::string, std::string> silent;
  for (const Option& option : options) {
    if (!option.supply.empty()) return {};
    for (const Offered& device : option.candidates.devices)
      silent.emplace(device.slice->driver, numa_name(device));
  }
  if (silent.empty()) {
    return "no published device fits request " + request.name + " (class " + request.device_class +
           ")";
  }
  std::string why;
  for (const auto& [driver, other] : silent) {
    why += (why.empty() ? "" : "; ") + ("driver " + driver) + " publishes no " + attribute +
           " for request " + request.name;
    const bool numa = attribute.find("numa") != std::string::npos;
    if (numa && !other.empty() && other != attribute) why += ", only " + other;
  }
  return why;
}

/// The node and value that come closest, for the sentence.
struct Closest {
  std::int64_t lacking = -1;
  std::string text;
};

void consider(const Wants& wants, const std::string& node, const std::string& value,
              Closest& closest) {
  std::int64_t lacking = 0;
  std::vector<std::string> parts;
  for (const auto& [name, options] : wants) {
    std::int64_t best = -1;
    std::string part;
    for (const Option& option : options) {
      const std::int64_t there = have(option, node, value);
      const std::int64_t short_of = std::max<std::int64_t>(0, need(option) - there);
      if (best >= 0 && short_of >= best) continue;
      best = short_of;
      part = (there >= kAnyNumber ? "any number" : std::to_string(there)) + " of " +
             std::to_string(need(option)) + " for " + option.request->name;
    }
    lacking += best;
    parts.push_back(part);
  }
  if (closest.lacking >= 0 && lacking >= closest.lacking) return;
  closest.lacking = lacking;
  closest.text = value + " on " + (node.empty() ? "no node" : node) + " has " + listed(parts);
}

bool takes_all(const Wants& wants) {
  for (const auto& [name, options] : wants) {
    for (const Option& option : options) {
      if (option.request->all) return true;
    }
  }
  return false;
}

Satisfiable search(const Wants& wants, const std::string& attribute) {
  std::set<std::pair<std::string, std::string>> places;
  bool opaque = false;
  bool everywhere = false;
  for (const auto& [name, options] : wants) {
    for (const Option& option : options) {
      opaque = opaque || option.candidates.opaque;
      for (const auto& [node, values] : option.supply) {
        everywhere = everywhere || node.empty();
        for (const auto& [value, count] : values)
          places.emplace(node, value);
      }
    }
  }
  Closest closest;
  for (const auto& [node, value] : places)
    consider(wants, node, value, closest);
  if (closest.lacking == 0 && takes_all(wants)) {
    return {Answer::unknown, "allocationMode All takes every device that fits, here or nowhere"};
  }
  if (closest.lacking == 0) {
    return {opaque ? Answer::unknown : Answer::possible,
            opaque ? "a selector is more than literal comparisons" : closest.text};
  }
  if (everywhere) return {Answer::unknown, "some devices are not bound to one node"};
  return {Answer::impossible,
          "no " + attribute + " on any node has all that is asked; closest, " + closest.text};
}

Satisfiable answer(const Offers& offers, const DeviceClaim& claim,
                   const DeviceConstraint& constraint) {
  const Wants wants = wants_of(offers, claim, constraint);
  if (wants.empty()) {
    return {Answer::unknown,
            "the constraint binds no request of the claim in all its alternatives"};
  }
  for (const auto& [name, options] : wants) {
    const bool known = std::all_of(options.begin(), options.end(), [](const Option& option) {
      return option.candidates.known_class;
    });
    if (!known) {
      return {Answer::unknown,
              "DeviceClass " + options.front().request->device_class + " was not read"};
    }
  }
  if (offers.drivers().empty()) return {Answer::unknown, "no ResourceSlice was read"};
  for (const auto& [name, options] : wants) {
    for (const Option& option : options) {
      if (option.candidates.class_has_devices) continue;
      return {Answer::unknown, "no device of DeviceClass " + option.request->device_class +
                                   " was read: its driver's ResourceSlices are not there"};
    }
  }
  for (const auto& [name, options] : wants) {
    std::string why = nothing_for(options, constraint.attribute);
    if (!why.empty()) return {Answer::impossible, std::move(why)};
  }
  return search(wants, constraint.attribute);
}

/// False when slices of a driver whose devices could be given are missing.
bool all_read(const Offers& offers, const Wants& wants) {
  for (const auto& [name, options] : wants) {
    for (const Option& option : options) {
      if (option.candidates.devices.empty() && !offers.whole()) return false;
      for (const Offered& device : option.candidates.devices) {
        if (!offers.whole(device.slice->driver)) return false;
      }
    }
  }
  return true;
}

/// What is impossible by what was read, when not all was read, is not known.
Satisfiable answer_by_all(const Offers& offers, const DeviceClaim& claim,
                          const DeviceConstraint& constraint) {
  Satisfiable found = answer(offers, claim, constraint);
  if (found.answer != Answer::impossible || all_read(offers, wants_of(offers, claim, constraint)))
    return found;
  return {Answer::unknown,
          "not by the ResourceSlices that were read (" + found.why + "), but some are missing"};
}

std::string shape_of(const DeviceClaim& claim, const DeviceConstraint& constraint) {
  std::string shape = constraint.attribute;
  for (const std::string& name : constraint.requests)
    shape += "\n" + name;
  for (const DeviceRequest& request : claim.requests) {
    shape += "\n\n" + request.name + "\n" + request.device_class + "\n" +
             std::to_string(request.count) + (request.all ? "all" : "");
    for (const std::string& selector : request.selectors)
      shape += "\n" + selector;
  }
  return shape;
}

}  // namespace

const Satisfiable& Satisfiability::of(const DeviceClaim& claim,
                                      const DeviceConstraint& constraint) {
  const auto [at, fresh] = known_.try_emplace(shape_of(claim, constraint));
  if (fresh) at->second = answer_by_all(*offers_, claim, constraint);
  return at->second;
}

}  // namespace plumbline::netcheck
