#pragma once

#include <string>
#include <utility>
#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// X03: what each network device's slice publishes, against the node's own word for that device.
/// One finding a published device of an enrolled node.
std::vector<Finding> x03_slice_truth(const Facts& facts);

/// X04: pods hold the network devices that they were given, and no other published one; the kubelet
/// and the claims say the same. One finding a pod that was given network devices or holds one.
std::vector<Finding> x04_given_held(const Facts& facts);

/// X10: the members of a gang that asked for one domain are in one. One finding a gang and label.
std::vector<Finding> x10_gang_placement(const Facts& facts);

/// X13: a gang that has begun has at least its least number of members. One finding a gang.
std::vector<Finding> x13_gang_complete(const Facts& facts);

/// X15: the interface, MAC and addresses that a driver wrote into a claim's status are what the pod
/// has. One finding a device with network data.
std::vector<Finding> x15_attachment(const Facts& facts);

/// X20: as many network devices are there as are published and as are allocatable. One finding a
/// slice and one a node's network resource.
std::vector<Finding> x20_counts(const Facts& facts);

/// X21: no device was measured while somebody else's pod held it. One finding a measured device and
/// one a device that was left alone because it is held.
std::vector<Finding> x21_interference(const Facts& facts);

/// "claims": objects that were not understood, pools that are incomplete. One unobservable finding
/// with all of them, or nothing: what was passed over here no other rule can speak about.
std::vector<Finding> claims_understood(const Facts& facts);

/// The rules above by their ids, in order: everything that holds claims against what nodes show.
/// X11, which needs measurements, stands in x11_label_truth.hpp.
std::vector<std::pair<std::string, Rule>> claim_rules();

}  // namespace plumbline::netcheck
