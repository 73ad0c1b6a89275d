#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/model/object.hpp"

namespace plumbline {

/// A pod of the stage's own, as the API server told it last.
struct PlacedPod {
  ClaimRef binding;       ///< the Pod's spec.nodeName, quoted; value empty: not bound
  std::string workload;   ///< "gang", "impossible", ...: which of the run's it belongs to
  std::int64_t rank = 0;  ///< in its workload
  std::string scheduler;  ///< spec.schedulerName
  std::string bound_at;   ///< PodScheduled's lastTransitionTime; empty: not told
  std::string phase;      ///< status.phase
  std::string waiting;    ///< why it is not bound: "Unschedulable: 0/8 nodes are available"
  std::string address;    ///< status.podIP
  std::vector<std::string> devices;  ///< that the kubelet says it holds, as "resource/device"
  std::string ended;  ///< why it is gone or going: "preempted", "deleted"; empty: it is there
};

/// Whether a control did what a sound cluster makes it do.
enum class ControlState { behaved, misbehaved, not_applicable };

/// The state's word as it stands in the JSON.
const char* to_string(ControlState state) noexcept;

/// One control of a stage: a workload whose end is known before. One that misbehaves leaves the
/// stage unable to see a fault.
struct Control {
  std::string name;  ///< positive | negative | oversized | misaligned
  ControlState state = ControlState::not_applicable;
  std::string expected;               ///< one sentence: what must happen
  std::string seen;                   ///< one sentence: what did, or why it was not made
  std::vector<std::string> evidence;  ///< raw, each with its object
};

/// What a stage brought through the scheduler.
struct Workloads {
  std::string name_space;
  std::string lease;  ///< the Lease that owns it all
  std::string kind;   ///< Job | JobSet | MPIJob | TrainJob
  std::vector<PlacedPod> pods;
  std::vector<Control> controls;
  std::string ended;              ///< what ended the measurement; empty: nothing did
  std::vector<std::string> left;  ///< objects that could not be deleted, each with its reason
};

}  // namespace plumbline
