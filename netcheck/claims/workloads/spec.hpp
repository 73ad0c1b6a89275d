#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/result.hpp"

namespace plumbline::netcheck::claims {

/// What makes the pods of a workload.
enum class WorkloadKind { job, job_set, mpi_job, train_job };

/// "Job", "JobSet", "MPIJob", "TrainJob".
const char* to_string(WorkloadKind kind) noexcept;
/// The kind of that name; another word is job.
WorkloadKind parse_workload_kind(const std::string& word) noexcept;

/// How the pods of a workload are told to be one gang: by a PodGroup of the coscheduling plugin, of
/// Volcano, or of Kubernetes itself; or not at all.
enum class GangForm { none, coscheduling, volcano, native };

/// "none", "coscheduling", "volcano", "native".
const char* to_string(GangForm form) noexcept;
/// The form of that name; another word is none.
GangForm parse_gang_form(const std::string& word) noexcept;

/// Devices that each pod asks of DRA, as one claim of its own.
struct DeviceAsk {
  std::string name;          ///< of the request; a DNS label
  std::string device_class;  ///< DeviceClass
  std::int64_t count = 1;
};

/// What all workloads of one run have in common.
struct RunSpec {
  std::string run;         ///< [a-z0-9], at most 20
  std::string name_space;  ///< where everything is made
  WorkloadKind kind = WorkloadKind::job;
  std::string image = "plumbline:latest";
  std::string priority_class = "plumbline-measures";
  GangForm gang = GangForm::none;
  std::int64_t gang_wait_s = 10;                 ///< for the last member of a gang to find a place
  std::string scheduler;                         ///< spec.schedulerName; empty: the default one
  std::map<std::string, std::string> labels;     ///< of workloads and pods: a queue's name
  std::map<std::string, std::string> resources;  ///< limits of each pod: "nvidia.com/gpu": "8"
  std::vector<DeviceAsk> claims;
  std::string dra_version;               ///< version of resource.k8s.io that the server serves
  std::vector<std::string> tolerations;  ///< keys of taints that its pods bear
  int port = 7443;                       ///< of the agents inside
  std::int64_t deadline_s = 1800;        ///< after which Kubernetes itself ends the pods
};

/// Where the members of a workload stand to each other.
enum class Spread {
  one_a_node,    ///< no two on one node
  one_domain,    ///< and all in one domain of the label
  many_domains,  ///< no two in one domain of the label
  anywhere       ///< several on one node will do
};

/// Which of the run's devices each pod of a workload asks for.
enum class Devices {
  as_run,    ///< all of them
  one_each,  ///< one of each extended resource; claims as they are
  none
};

/// True for a resource that devices stand for: "vendor.example/name".
bool is_extended(const std::string& resource);

/// One workload: some pods alike.
struct WorkloadSpec {
  std::string name;  ///< "gang"; the object is plumbline-RUN-NAME
  int members = 1;
  std::map<std::string, std::string> resources;  ///< beside, or instead of, those of the run
  Spread spread = Spread::one_a_node;
  std::string domain_label;        ///< for the two domains
  std::vector<std::string> nodes;  ///< the only ones that will do; empty: all
  Devices devices = Devices::as_run;
};

/// Labels by which everything of plumbline's own runs is found.
constexpr const char* kRunLabel = "plumbline.dev/run";
constexpr const char* kWorkloadLabel = "plumbline.dev/workload";

/// The label that gives a workload to a queue of Kueue.
constexpr const char* kQueueLabel = "kueue.x-k8s.io/queue-name";

/// "plumbline-RUN-NAME"; without a name the Lease that owns the run.
std::string object_name(const std::string& run, const std::string& name = "");

}  // namespace plumbline::netcheck::claims
