#pragma once

#include <string>
#include <utility>
#include <vector>

#include "netcheck/facts.hpp"

namespace plumbline::netcheck {

/// X01: constraints over the PCIe root and other attributes, by what slices publish and the node
/// shows: held, broken, or never to be met. One finding a constraint, one a claim of several
/// devices that asked for nothing, one a layout of nodes where GPUs and NICs share no root.
std::vector<Finding> x01_pcie_root(const Facts& facts);

/// X02: the same for the NUMA node, under all names that drivers give it, literal selectors too.
std::vector<Finding> x02_numa_node(const Facts& facts);

/// X03: what each network device's slice publishes, against the node's own word for that device.
/// One finding a published device of an enrolled node.
std::vector<Finding> x03_slice_truth(const Facts& facts);

/// X04: pods hold the network devices that they were given, and no other published one; the kubelet
/// and the claims say the same. One finding a pod that was given network devices or holds one.
std::vector<Finding> x04_given_held(const Facts& facts);

/// X04 for device plugins: what the kubelet answers of a container's devices is what stands in its
/// own checkpoint. One finding a container that has plugin devices by one of the two.
std::vector<Finding> x04_checkpoint(const Facts& facts);

/// X04 for claims: what the kubelet's drivers prepared of a claim, by its DRA checkpoint, is what
/// the claim was given. One finding a node and claim that a running pod there uses.
std::vector<Finding> x04_prepared(const Facts& facts);

/// X04 for claims: no device is given to two of them at once, unless it says that it can be shared,
/// or it is given for administration or in shares. One finding a device and further claim.
std::vector<Finding> x04_given_twice(const Facts& facts);

/// X04 for pods of the stage's own: what such a pod finds inside (device nodes, interfaces, the
/// variables that tell of devices, what the driver tells there) is what the kubelet says that it
/// was given, and nothing for one that asked for nothing. One finding a device that lacks or is
/// too many or another one; else one a pod that was looked into.
std::vector<Finding> x04_inside(const Facts& facts);

/// X07: what a container (or pod) got by its kubelet's word, against the Topology Manager policy of
/// its node. One finding a container with two things to align; nothing where policy, kubelet or
/// node told nothing.
std::vector<Finding> x07_kubelet_alignment(const Facts& facts);

/// X08: claimed devices beside the exclusive CPUs of their pod, which DRA and the kubelet do not
/// align. One finding a pod and claim, never an accusation.
std::vector<Finding> x08_claims_and_cpus(const Facts& facts);

/// X09: what a container may use by its cgroup is what the CPU and memory managers gave it, and
/// nobody else may use its exclusive CPUs. One finding a container that was given something; one a
/// node whose cgroups nobody saw.
std::vector<Finding> x09_exclusive_cpus(const Facts& facts);

/// X09 of CPUs by DRA (driver dra.cpu), which the kubelet does not know of: some container of the
/// pod is confined to what the claim gives (the very CPUs where each is a device, that many of a
/// group), and nobody else may use them. One finding a claim and pod that it is reserved for.
std::vector<Finding> x09_claimed_cpus(const Facts& facts);

/// X09 for pods of the stage's own: what a process in one may use by the kernel's word to it
/// (Cpus_allowed_list and Mems_allowed_list, within its cgroup's) is within the CPUs and NUMA nodes
/// that the kubelet gave the pod, and none of those CPUs is another container's own. One finding a
/// pod that was looked into, where the node's kubelet gave anybody something for itself.
std::vector<Finding> x09_inside(const Facts& facts);

/// X10: the members of native PodGroups and Kueue workloads are where they asked to be and were
/// assigned: one domain, slices, the recorded assignment, rank order. One finding a gang and
/// request; one for a gang that asked for nothing and is apart.
std::vector<Finding> x10_gang_placement(const Facts& facts);

/// X11 as far as labels alone show it: placeholder values, levels of a topology that nodes of its
/// flavor lack, cliques that a ComputeDomain contradicts. A finding only where something is wrong.
std::vector<Finding> x11_labels(const Facts& facts);

/// X12: the same for all other placement claims in their normal form: Volcano, KAI, Grove, JobSet,
/// LeaderWorkerSet, MPIJob, TrainJob, plain Jobs and pod affinity.
std::vector<Finding> x12_other_placement(const Facts& facts);

/// X13: a gang that has begun has at least its least number of members. One finding a gang.
std::vector<Finding> x13_gang_complete(const Facts& facts);

/// X14: nodes whose slices say that they share one fabric (placement group, interconnect subgroup,
/// network block) reach each other. One finding a group of two nodes and more.
std::vector<Finding> x14_fabric_group(const Facts& facts);

/// X15: the interface, MAC and addresses that a driver wrote into a claim's status are what the pod
/// has. One finding a device with network data.
std::vector<Finding> x15_attachment(const Facts& facts);

/// X16: a path whose ends both have a usable RDMA device is used by RDMA, and by the claimed port;
/// a fallback to TCP is named with the precondition that is broken. One finding a measured pair of
/// network devices of which one has an RDMA device.
std::vector<Finding> x16_transport(const Facts& facts);

/// X16 for collectives over the GPUs of several nodes: what NCCL says of its network against the
/// counters of the nodes, and against their RDMA ports ("NCCL fell back to sockets"). One finding
/// an operation and group; nothing where no node has an RDMA port that is up.
std::vector<Finding> x16_collectives(const Facts& facts);

/// X20: as many network devices are there as are published and as are allocatable. One finding a
/// slice and one a node's network resource.
std::vector<Finding> x20_counts(const Facts& facts);

/// X20 for device plugins: the Node object offers as many devices of a resource as its kubelet has
/// to give (GetAllocatableResources). One finding a node's plugin resource.
std::vector<Finding> x20_allocatable(const Facts& facts);

/// X21: no device was measured while somebody else's pod held it. One finding a measured device and
/// one a device that was left alone because it is held.
std::vector<Finding> x21_interference(const Facts& facts);

/// "penalty": how much longer an all-reduce takes over the nodes that a gang got than over the best
/// free ones, and than over the best as it asked, as a factor with its interval: by the slowest
/// measured pair of each, which paces a ring. One finding a gang whose pairs were all measured;
/// reported, never an accusation.
std::vector<Finding> placement_penalty(const Facts& facts);

/// "claims": objects that were not understood, pools that are incomplete. One unobservable finding
/// with all of them, or nothing: what was passed over here no other rule can speak about.
std::vector<Finding> claims_understood(const Facts& facts);

/// The rules above by their ids, in order: everything that holds claims against what nodes show.
/// X16 among them needs no claims. X11, which needs measurements, stands in x11_label_truth.hpp.
std::vector<std::pair<std::string, Rule>> claim_rules();

}  // namespace plumbline::netcheck
