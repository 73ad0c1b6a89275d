#pragma once

#include <string>
#include <vector>

#include "core/model/allocation.hpp"
#include "netcheck/claims/objects.hpp"

namespace plumbline::netcheck::claims {

/// A placement claim with the key by which pods are found.
struct ReadPlacement {
  PlacementClaim claim;
  std::string link;         ///< PodLink::link of its members
  bool split = false;       ///< each PodLink::sub is a gang of its own
  std::string parent = {};  ///< link of the group that this one is part of
};
using Placements = std::vector<ReadPlacement>;

/// "KIND|namespace/name" and "KIND|namespace/name|part": what pods and their gangs are tied by.
std::string link_of(const std::string& kind, const ObjectMeta& meta, const std::string& part = "");

/// scheduling.k8s.io PodGroup: one placement for each topology key, or one without a key.
Placements read_pod_group(const Fields& object);
/// scheduling.k8s.io Workload: pod groups of v1alpha1; in later versions only templates, which
/// PodGroups repeat.
Placements read_native_workload(const Fields& object);
/// scheduling.k8s.io CompositePodGroup: its topology keys over all groups below it.
Placements read_composite_group(const Fields& object);
/// kueue.x-k8s.io Workload: topology requests and assignments of v1beta1 and v1beta2.
Placements read_kueue_workload(const Fields& object);
/// scheduling.volcano.sh PodGroup: minMember and networkTopology.
Placements read_volcano_group(const Fields& object);
/// scheduling.run.ai PodGroup of KAI.
Placements read_kai_group(const Fields& object);
/// scheduling.x-k8s.io PodGroup of the coscheduling plugin.
Placements read_coscheduling_group(const Fields& object);
/// batch Job, jobset.x-k8s.io JobSet, leaderworkerset.x-k8s.io LeaderWorkerSet, kubeflow.org
/// MPIJob, trainer.kubeflow.org TrainJob, grove.io PodCliqueSet.
Placements read_job(const Fields& object);
Placements read_job_set(const Fields& object);
Placements read_leader_worker_set(const Fields& object);
Placements read_mpi_job(const Fields& object);
Placements read_train_job(const Fields& object);
Placements read_clique_set(const Fields& object);

/// Adds the placements that a pod template's annotations ask for (Kueue's podset-*, KAI's), each on
/// top of `base`; `path` is where the template's metadata stands.
void add_annotated(const Fields& metadata, const std::string& path, const ReadPlacement& base,
                   Placements& placements);

/// Adds the placements of a pod template's required podAffinity.
void add_affinities(const Fields& spec, const std::string& path, const ReadPlacement& base,
                    Placements& placements);

/// topology.volcano.sh HyperNode, members by name not resolved yet.
struct ReadDomain {
  NamedDomain domain;
  struct Member {
    bool node = true;  ///< false: another HyperNode
    std::string exact;
    std::string pattern;
    std::vector<LabelTest> labels;
  };
  std::vector<Member> members;
};
ReadDomain read_hyper_node(const Fields& object);

/// Gives placements their pods, splits those that are a gang for each replica, makes placements of
/// the pods' own affinities, and drops what a read Workload says already. Linear in pods and
/// placements together.
std::vector<PlacementClaim> with_members(std::vector<ReadPlacement> placements,
                                         const std::vector<const ReadPod*>& pods);

/// Domains with all nodes below them, by names, patterns and labels; cycles end.
std::vector<NamedDomain> resolve(std::vector<ReadDomain> domains,
                                 const std::vector<NodeClaim>& nodes);

}  // namespace plumbline::netcheck::claims
