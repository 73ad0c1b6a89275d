#include "netcheck/claims/kinds.hpp"

namespace plumbline::netcheck::claims {
namespace {

constexpr std::array<Known, 29> kKnownKinds{{
    {"Node", "", {"v1"}},
    {"Pod", "", {"v1"}},
    {"ResourceSlice", "resource.k8s.io", {"v1", "v1beta2", "v1beta1"}},
    {"ResourceClaim", "resource.k8s.io", {"v1", "v1beta2", "v1beta1"}},
    {"ResourceClaimTemplate", "resource.k8s.io", {"v1", "v1beta2", "v1beta1"}},
    {"DeviceClass", "resource.k8s.io", {"v1", "v1beta2", "v1beta1"}},
    {"NodeResourceTopology", "topology.node.k8s.io", {"v1alpha2", "v1alpha1"}},
    {"KubeletConfigz", "plumbline", {"v1"}},
    {"Recording", "plumbline", {"v1"}},
    {"ComputeDomain", "resource.nvidia.com", {"v1beta1"}},
    {"HyperNode", "topology.volcano.sh", {"v1alpha1"}},
    {"Topology", "kueue.x-k8s.io", {"v1beta2", "v1beta1", "v1alpha1"}},
    {"Topology", "kai.scheduler", {"v1alpha1"}},
    {"ClusterTopology", "grove.io", {"v1alpha1"}},
    {"ClusterTopologyBinding", "grove.io", {"v1alpha1"}},
    {"ResourceFlavor", "kueue.x-k8s.io", {"v1beta2", "v1beta1"}},
    {"PodGroup", "scheduling.k8s.io", {"v1beta1", "v1alpha3", "v1alpha2"}, read_pod_group},
    {"Workload",
     "scheduling.k8s.io",
     {"v1beta1", "v1alpha3", "v1alpha2", "v1alpha1"},
     read_native_workload},
    {"CompositePodGroup", "scheduling.k8s.io", {"v1beta1", "v1alpha3"}, read_composite_group},
    {"Workload", "kueue.x-k8s.io", {"v1beta2", "v1beta1"}, read_kueue_workload},
    {"PodGroup", "scheduling.volcano.sh", {"v1beta1"}, read_volcano_group},
    {"PodGroup", "scheduling.run.ai", {"v2", "v2alpha2"}, read_kai_group},
    {"PodGroup", "scheduling.x-k8s.io", {"v1alpha1"}, read_coscheduling_group},
    {"Job", "batch", {"v1"}, read_job},
    {"JobSet", "jobset.x-k8s.io", {"v1", "v1alpha2"}, read_job_set},
    {"LeaderWorkerSet", "leaderworkerset.x-k8s.io", {"v1"}, read_leader_worker_set},
    {"MPIJob", "kubeflow.org", {"v2beta1"}, read_mpi_job},
    {"TrainJob", "trainer.kubeflow.org", {"v1beta1", "v1alpha1"}, read_train_job},
    {"PodCliqueSet", "grove.io", {"v1alpha1"}, read_clique_set},
}};

}  // namespace

std::span<const Known> kinds() { return kKnownKinds; }

const Known* find_kind(const std::string& kind, const std::string& group) {
  for (const Known& known : kKnownKinds) {
    if (kind == known.kind && group == known.group) return &known;
  }
  return nullptr;
}

int rank_of(const Known& known, const std::string& version) {
  for (std::size_t i = 0; i < known.versions.size(); ++i) {
    if (known.versions[i] != nullptr && version == known.versions[i])
      return 3 - static_cast<int>(i);
  }
  return -1;
}

}  // namespace plumbline::netcheck::claims
