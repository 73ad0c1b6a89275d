#pragma once

#include <string>
#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// UUID of GPU number `index`: "GPU-0", ...
std::string uuid(int index);

/// A node "node-1" with `count` H100 behind switches, each on its PCI root, all healthy and idle; a
/// kubelet that holds nothing; no claims.
Facts gpu_facts(int count = 8);

/// Parts to be changed by a test.
Topology& topology(Facts& facts);
Gpu& gpu(Facts& facts, int index);

/// Gives the node's claims: a Node object with labels and allocatable, and a slice of its GPUs that
/// tells the truth.
void add_claims(Facts& facts);
NodeClaim& node_claim(Facts& facts);
SliceDevice& slice_device(Facts& facts, int index);

/// The kubelet says that a pod holds these devices of resource nvidia.com/gpu.
void hold(Facts& facts, const std::string& name_space, const std::string& pod,
          const std::vector<std::string>& devices);

/// A measured copy; `from` and `to` are UUIDs or "numaN".
Outcome copied(const std::string& from, const std::string& to, double rate,
               const std::string& traffic = "one_way");
/// The same copy, failed.
Outcome broken(const std::string& from, const std::string& to, ErrorCode code);

/// Every ordered pair at `rate`, one way, pushed.
void copy_all(Facts& facts, double rate);

/// The outcome of a pair in the facts.
Outcome& copy_of(Facts& facts, const std::string& from, const std::string& to);

/// The only finding; fails the test, with all messages, when there is not just one.
Finding only(const std::vector<Finding>& findings);

}  // namespace plumbline::netcheck
