#include "netcheck/localisation/wording.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include "netcheck/lookup.hpp"

namespace plumbline::netcheck {
namespace {

const Component& first_part(const Scene& scene, const Culprit& culprit) {
  return scene.parts[culprit.parts.front()];
}

/// "NIC node-3/ens1 (rail-a)", "uplink rack-2/rail-a".
std::string called(const Scene& scene, const Culprit& culprit) {
  const Subject subject = subject_of(scene, culprit);
  if (subject.kind == "uplink") return "uplink " + subject.name;
  return (subject.kind == "link" ? "link " : "NIC ") + subject.name + " (" + subject.rail + ")";
}

/// Distinct pairs of nodes among bad observations, whichever direction.
std::size_t pairs_in(const Scene& scene, const std::vector<std::size_t>& observations) {
  std::set<std::set<Endpoint>> pairs;
  for (const std::size_t index : observations) {
    const Outcome& outcome = *scene.observations[index].judged->outcome;
    pairs.insert({outcome.from, outcome.to});
  }
  return pairs.size();
}

std::string many_pairs(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " pair" : " pairs");
}

/// Which way it fails: said only when it is one way.
std::string one_sided(const Scene& scene, const Culprit& culprit) {
  std::set<Way> ways;
  for (const std::size_t index : culprit.bad) {
    for (const Use& use : scene.observations[index].uses) {
      if (use.part == culprit.parts.front() && use.way != Way::both) ways.insert(use.way);
    }
  }
  if (ways.size() != 1) return {};
  return *ways.begin() == Way::in ? " on the way in" : " on the way out";
}

std::string loss_text(const Signs& signs) {
  std::string text;
  if (signs.loss_in) {
    text += percent(signs.loss_in->share) + " of the segments towards it are sent again (" +
            percent(signs.loss_in->usual) + " is usual here)";
  }
  if (signs.loss_out) {
    text += (text.empty() ? "" : ", ") + percent(signs.loss_out->share) +
            " of the segments from it are sent again (" + percent(signs.loss_out->usual) +
            " is usual here)";
  }
  return text;
}

std::string worst_text(const Scene& scene, const Culprit& culprit) {
  const Observation* worst = worst_of(scene, culprit);
  if (worst == nullptr) return "no pair is slower than expected";
  return many_pairs(pairs_in(scene, culprit.bad)) + " through it, " +
         pair_of(*worst->judged->outcome) + " " + result_of(*worst);
}

std::string open_text(const Scene& scene, const Culprit& culprit) {
  std::string names;
  for (const std::size_t part : culprit.parts) {
    names += (names.empty() ? "" : ", ") + scene.parts[part].name();
  }
  std::string text =
      "one or more of " + names +
      " is at fault and the measurements cannot tell which: " + worst_text(scene, culprit);
  if (!culprit.exact)
    text += "; so many pairs are bad that not every explanation could be searched";
  return text;
}

}  // namespace

Subject subject_of(const Scene& scene, const Culprit& culprit) {
  Subject subject = subject_of(*scene.judged->facts, first_part(scene, culprit));
  const bool link = culprit.kind == FaultKind::dead || culprit.kind == FaultKind::flapping;
  if (subject.kind == "nic" && link && culprit.parts.size() == 1) subject.kind = "link";
  return subject;
}

std::string message_of(const Scene& scene, const Culprit& culprit) {
  if (culprit.parts.size() > 1) return open_text(scene, culprit);
  const std::string name = called(scene, culprit);
  const std::string worst = worst_text(scene, culprit);
  const std::string loss = loss_text(culprit.signs);
  std::array<char, 16> downs{};
  std::snprintf(downs.data(), downs.size(), "%.0f", culprit.signs.carrier_downs);
  switch (culprit.kind) {
    case FaultKind::dead:
      return name + " carries nothing" +
             (culprit.signs.state.empty() ? "" : " and tells that it is " + culprit.signs.state) +
             ": " + worst;
    case FaultKind::flapping:
      return name + " flaps: its carrier went away " + downs.data() +
             " times while it was measured; " + worst;
    case FaultKind::lossy:
      return name + " loses packets: " + loss + "; " + worst;
    case FaultKind::slow:
      return name + " is slow" + one_sided(scene, culprit) + ": " + worst +
             (loss.empty() ? "" : "; " + loss);
  }
  return name;
}

std::string next_step_of(const Scene& scene, const Culprit& culprit) {
  const Component& part = first_part(scene, culprit);
  if (culprit.parts.size() > 1) {
    return "look at the counters of all of them, or measure with one more node in the racks "
           "concerned, which tells them apart";
  }
  if (part.kind == ComponentKind::uplink) {
    return "look at the ports between the leaf of " + part.owner + " and the spine of " +
           part.rail + ": speed, lanes, errors, members of the bundle";
  }
  const Subject subject = subject_of(scene, culprit);
  switch (culprit.kind) {
    case FaultKind::dead:
      return "look at cable, transceiver and switch port of " + subject.name;
    case FaultKind::flapping:
      return "replace cable or transceiver of " + subject.name +
             " and look at its switch port's log";
    case FaultKind::lossy:
      return "look at error and drop counters of " + subject.name + " and of its switch port";
    case FaultKind::slow:
      return "look at the negotiated speed, lanes and PCIe link of " + subject.name +
             " and at its switch port";
  }
  return {};
}

std::string pair_of(const Outcome& outcome) {
  const auto direction = outcome.parameters.find("direction");
  const bool both = direction != outcome.parameters.end() && direction->second == "both_ways";
  return outcome.from.node + (both ? " <-> " : " -> ") + outcome.to.node + " on " +
         outcome.from.rail;
}

std::string result_of(const Observation& observation) {
  const Outcome& outcome = *observation.judged->outcome;
  if (const Failed* failed = outcome.failed()) return "failed: " + failed->error.message;
  const auto& expectation = observation.judged->number.expected.expectation;
  std::string text = format_rate({observation.got});
  if (expectation) text += " of " + format_rate(expectation->rate) + " expected";
  return text;
}

const Observation* worst_of(const Scene& scene, const Culprit& culprit) {
  const Observation* worst = nullptr;
  double least = 0;
  for (const std::size_t index : culprit.bad) {
    const Observation& observation = scene.observations[index];
    const auto& expectation = observation.judged->number.expected.expectation;
    double share = expectation ? observation.got / expectation->rate.value : 2.0;
    if (observation.uses.front().way == Way::both) share += 1.0;
    if (worst != nullptr && share >= least) continue;
    worst = &observation;
    least = share;
  }
  return worst;
}

std::string percent(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f %%", share * 100.0);
  return text.data();
}

}  // namespace plumbline::netcheck
