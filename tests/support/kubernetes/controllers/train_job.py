"""TrainJob (trainer.kubeflow.org/v1alpha1 of Kubeflow Trainer 2): a JobSet of the same name out of its runtime's template.
Of ML policies the plain one is played, which sets no more than the number of nodes."""

import copy

from controller import Controller, keep_times

ANCESTOR = "trainer.kubeflow.org/trainjob-ancestor-step"
RUNTIMES = {"TrainingRuntime": "trainingruntimes", "ClusterTrainingRuntime": "clustertrainingruntimes"}


class TrainJobs(Controller):
    api_version, kind, plural = "trainer.kubeflow.org/v1alpha1", "TrainJob", "trainjobs"
    made = ("/apis/jobset.x-k8s.io/v1alpha2/jobsets",)

    def look(self, item):
        job_set = self.of(item, "JobSet").get(item["metadata"]["name"])
        if job_set is None:
            runtime = self._runtime(item)
            if runtime is not None:
                self.make(item, "/apis/jobset.x-k8s.io/v1alpha2", job_set_of(item, runtime))
            return
        status = job_set.get("status", {})
        words = {"Completed": "Complete", "Failed": "Failed"}
        conditions = [{**one, "type": words[one["type"]]} for one in status.get("conditions", [])
                      if one["type"] in words and one["status"] == "True"]
        self.tell(item, {"conditions": keep_times(conditions, item),
                         "jobsStatus": status.get("replicatedJobsStatus", [])})

    def _runtime(self, item):
        wanted = item["spec"]["runtimeRef"]
        kind = wanted.get("kind", "ClusterTrainingRuntime")
        space = f"/namespaces/{item['metadata']['namespace']}" if kind == "TrainingRuntime" else ""
        return self.api.insist("GET", f"/apis/{self.api_version}{space}/{RUNTIMES[kind]}/{wanted['name']}")


def job_set_of(item, runtime):
    """The JobSet: labels of the runtime's template and of the TrainJob, the trainer's container as the TrainJob says."""
    template, trainer = runtime["spec"]["template"], item["spec"].get("trainer", {})
    nodes = trainer.get("numNodes", runtime["spec"].get("mlPolicy", {}).get("numNodes", 1))
    spec = copy.deepcopy(template["spec"])
    for replicated in spec["replicatedJobs"]:
        labels = replicated["template"].get("metadata", {}).get("labels", {})
        if labels.get(ANCESTOR) == "trainer":
            replicated["replicas"] = 1
            replicated["template"]["spec"] |= {"parallelism": nodes, "completions": nodes}
        for container in replicated["template"]["spec"]["template"]["spec"]["containers"]:
            if container["name"] == "node":
                container |= {key: trainer[key] for key in ("image", "command", "args") if key in trainer}
    if "suspend" in item["spec"]:
        spec["suspend"] = item["spec"]["suspend"]
    meta = {"name": item["metadata"]["name"]}
    for key in ("labels", "annotations"):
        meta[key] = {**template.get("metadata", {}).get(key, {}), **item["spec"].get(key, {})}
    return {"apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet", "metadata": meta, "spec": spec}
