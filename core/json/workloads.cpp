#include "core/json/workloads.hpp"

#include <array>

namespace plumbline::json {
namespace {

Tree tree_of(const PlacedPod& pod) {
  Tree tree{{"binding", json::tree_of(pod.binding)},
            {"workload", pod.workload},
            {"rank", pod.rank},
            {"phase", pod.phase}};
  put_text(tree, "scheduler", pod.scheduler);
  put_text(tree, "bound_at", pod.bound_at);
  put_text(tree, "waiting", pod.waiting);
  put_text(tree, "address", pod.address);
  tree["devices"] = pod.devices;
  put_text(tree, "ended", pod.ended);
  return tree;
}

PlacedPod read_pod(const Fields& fields) {
  PlacedPod pod;
  pod.binding = read_claim_ref(fields.object("binding"));
  pod.workload = fields.get<std::string>("workload");
  pod.rank = fields.get_or<std::int64_t>("rank", 0);
  pod.scheduler = fields.get_or<std::string>("scheduler", "");
  pod.bound_at = fields.get_or<std::string>("bound_at", "");
  pod.phase = fields.get_or<std::string>("phase", "");
  pod.waiting = fields.get_or<std::string>("waiting", "");
  pod.address = fields.get_or<std::string>("address", "");
  pod.devices = fields.list<std::string>("devices");
  pod.ended = fields.get_or<std::string>("ended", "");
  return pod;
}

Tree tree_of(const Control& control) {
  return {{"name", control.name},
          {"state", to_string(control.state)},
          {"expected", control.expected},
          {"seen", control.seen},
          {"evidence", control.evidence}};
}

ControlState read_state(const Fields& fields) {
  constexpr std::array states{ControlState::behaved, ControlState::misbehaved,
                              ControlState::not_applicable};
  const auto word = fields.get<std::string>("state");
  for (const auto state : states) {
    if (word == to_string(state)) return state;
  }
  fields.complain("state", "behaved, misbehaved or not_applicable");
  return ControlState::misbehaved;
}

Control read_control(const Fields& fields) {
  return {fields.get<std::string>("name"), read_state(fields),
          fields.get_or<std::string>("expected", ""), fields.get_or<std::string>("seen", ""),
          fields.list<std::string>("evidence")};
}

}  // namespace

Tree tree_of(const Workloads& workloads) {
  Tree tree{
      {"namespace", workloads.name_space}, {"lease", workloads.lease}, {"kind", workloads.kind}};
  tree["controls"] = list_of(workloads.controls, [](const Control& one) { return tree_of(one); });
  tree["pods"] = list_of(workloads.pods, [](const PlacedPod& pod) { return tree_of(pod); });
  put_text(tree, "ended", workloads.ended);
  tree["left"] = workloads.left;
  return tree;
}

Workloads read_workloads(const Fields& fields) {
  Workloads workloads;
  workloads.name_space = fields.get<std::string>("namespace");
  workloads.lease = fields.get_or<std::string>("lease", "");
  workloads.kind = fields.get_or<std::string>("kind", "");
  workloads.controls = fields.objects("controls", read_control);
  workloads.pods = fields.objects("pods", read_pod);
  workloads.ended = fields.get_or<std::string>("ended", "");
  workloads.left = fields.list<std::string>("left");
  return workloads;
}

}  // namespace plumbline::json
