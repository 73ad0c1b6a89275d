#include "netcheck/claims/groups.hpp"

namespace plumbline::netcheck::claims {
namespace {

ReadPlacement begin(const Fields& object, const std::string& kind, const std::string& part = "") {
  ReadPlacement read;
  read.claim.meta = read_meta(object);
  read.claim.kind = kind;
  read.claim.part = part;
  read.link = link_of(kind, read.claim.meta, part);
  return read;
}

/// What a pod template asks: annotations and affinity.
void add_template(const Fields& pod_template, const std::string& path, const ReadPlacement& base,
                  Placements& placements) {
  add_annotated(pod_template.object("metadata"), path + ".metadata", base, placements);
  add_affinities(pod_template.object("spec"), path + ".spec", base, placements);
}

/// A label whose domain each replica must have for itself.
void add_exclusive(const Fields& metadata, const std::string& key, const std::string& path,
                   ReadPlacement base, Placements& placements) {
  const std::string label = metadata.object("annotations").text(key);
  if (label.empty()) return;
  base.claim.form = PlacementForm::exclusive;
  base.claim.one_domain = label;
  base.claim.path = path + ".annotations[" + key + "]";
  base.split = true;
  placements.push_back(std::move(base));
}

const char* const job_set_exclusive = "alpha.jobset.sigs.k8s.io/exclusive-topology";

}  // namespace

Placements read_job(const Fields& object) {
  Placements placements;
  add_template(object.object("spec").object("template"), "spec.template", begin(object, "Job"),
               placements);
  return placements;
}

Placements read_job_set(const Fields& object) {
  Placements placements;
  add_exclusive(object.object("metadata"), job_set_exclusive, "metadata", begin(object, "JobSet"),
                placements);
  const auto jobs = object.object("spec").list("replicatedJobs");
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const std::string path = "spec.replicatedJobs[" + std::to_string(i) + "].template";
    const ReadPlacement base = begin(object, "JobSet", jobs[i].text("name"));
    const Fields job = jobs[i].object("template");
    add_exclusive(job.object("metadata"), job_set_exclusive, path + ".metadata", base, placements);
    add_template(job.object("spec").object("template"), path + ".spec.template", base, placements);
  }
  return placements;
}

Placements read_leader_worker_set(const Fields& object) {
  Placements placements;
  ReadPlacement base = begin(object, "LeaderWorkerSet");
  base.split = true;
  const Fields metadata = object.object("metadata");
  add_exclusive(metadata, "leaderworkerset.sigs.k8s.io/exclusive-topology", "metadata", base,
                placements);
  add_exclusive(metadata, "leaderworkerset.sigs.k8s.io/subgroup-exclusive-topology", "metadata",
                begin(object, "LeaderWorkerSet", "subgroup"), placements);
  const Fields pods = object.object("spec").object("leaderWorkerTemplate");
  add_template(pods.object("workerTemplate"), "spec.leaderWorkerTemplate.workerTemplate", base,
               placements);
  return placements;
}

Placements read_mpi_job(const Fields& object) {
  Placements placements;
  const Fields spec = object.object("spec");
  const Fields policy = spec.object("runPolicy").object("schedulingPolicy");
  for (const auto& [type, replica] : spec.object("mpiReplicaSpecs").members()) {
    std::string part = type;
    for (char& letter : part)
      letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
    add_template(replica.object("template"), "spec.mpiReplicaSpecs." + type + ".template",
                 begin(object, "MPIJob", part), placements);
  }
  if (policy.number("minAvailable") <= 0) return placements;
  ReadPlacement gang = begin(object, "MPIJob");
  gang.claim.least_members = policy.number("minAvailable");
  gang.claim.least_path = gang.claim.path = "spec.runPolicy.schedulingPolicy.minAvailable";
  placements.push_back(std::move(gang));
  return placements;
}

Placements read_train_job(const Fields& object) {
  Placements placements;
  const Fields spec = object.object("spec");
  ReadPlacement base = begin(object, "TrainJob");
  add_annotated(spec, "spec", base, placements);
  base.claim.least_members = spec.object("trainer").number("numNodes");
  base.claim.least_path = base.claim.path = "spec.trainer.numNodes";
  if (base.claim.least_members > 0 && placements.empty()) placements.push_back(std::move(base));
  return placements;
}

Placements read_clique_set(const Fields& object) {
  Placements placements;
  const Fields pods = object.object("spec").object("template");
  const Fields topology = pods.object("topologyConstraint");
  ReadPlacement base = begin(object, "PodCliqueSet");
  base.split = true;
  for (const char* const field : {"packDomain", "topologyLevel", "levelName"}) {
    if (topology.text(field).empty()) continue;
    base.claim.one_domain = topology.text(field);
    base.claim.path = std::string("spec.template.topologyConstraint.") + field;
    placements.push_back(base);
    break;
  }
  return placements;
}

}  // namespace plumbline::netcheck::claims
