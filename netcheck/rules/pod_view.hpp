#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "netcheck/rules/lookup.hpp"

namespace plumbline::netcheck {

/// One pod with all that is known of it. Borrows the facts.
struct PodView {
  std::string name;  ///< "namespace/name"
  std::string node_name;
  const NodeFacts* node = nullptr;      ///< null: not enrolled
  const PodClaim* pod = nullptr;        ///< null: a network namespace of a pod that no claim knows
  const PodSandbox* sandbox = nullptr;  ///< its own network namespace; null: not known
  /// Network devices only, admin access included; of a pod that was not read, by claims that are
  /// reserved for it.
  std::vector<Given> given;

  /// True when it uses the node's network namespace.
  bool host_network() const { return pod != nullptr && pod->host_network; }
  /// True when the pod has a device that it was given, by what it is or by the name it has there.
  bool holds(const Given& given_device, const std::optional<Published>& published,
             const std::optional<Place>& place) const;
};

/// The pods of nodes in scope that are bound and not ended, and were given a network device or have
/// a network namespace of their own. Network namespaces of unknown pods come last.
std::vector<PodView> pod_views(const Facts& facts);

/// True when a claim or a device plugin gave the pod this device.
bool is_given(const PodView& view, const Published& published, const Place& place);

/// The network devices the kubelet says the pod holds, as "driver/pool/device"; nothing when this
/// kubelet names claims without their devices.
std::optional<std::set<std::string>> kubelet_devices(const Facts& facts, const PodView& view);

/// Why the pod may have been given more than `given`: its Pod, or a ResourceClaim that it or the
/// kubelet names, was not read. Empty: `given` is all.
std::string unread_claims(const Facts& facts, const PodView& view);

/// "dra.net/node-6/ens3 by claim tenant/loader-0-nic".
std::string text_of_given(const PodView& view);

/// Pods that claims give a device to, "pod ns/name by claim ns/name".
std::vector<std::string> owners_of(const Facts& facts, const Published& published);

}  // namespace plumbline::netcheck
