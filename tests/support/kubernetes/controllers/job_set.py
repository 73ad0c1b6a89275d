"""JobSet (jobset.x-k8s.io/v1alpha2): a Job for each replica of each replicated job, one headless Service for all. Restarts,
startup and success policies and exclusive placement are not played: a Job that fails ends its JobSet."""

import copy
import hashlib

from controller import Controller, condition, ended_as, keep_times

PREFIX = "jobset.sigs.k8s.io/"


class JobSets(Controller):
    api_version, kind, plural = "jobset.x-k8s.io/v1alpha2", "JobSet", "jobsets"
    made = ("/apis/batch/v1/jobs",)

    def look(self, item):
        jobs = self.of(item, "Job")
        ends = [ended_as(job) for job in jobs.values()]
        wanted = sum(one.get("replicas", 1) for one in item["spec"]["replicatedJobs"])
        conditions = []
        if "Failed" in ends:
            conditions = [condition("Failed", "FailedJobs", "jobset failed due to one or more job failures")]
            for job in jobs.values():
                if not ended_as(job):
                    self.remove("/apis/batch/v1", {**job, "kind": "Job"})
        elif len(ends) == wanted and all(ends):
            conditions = [condition("Completed", "AllJobsCompleted", "jobset completed successfully")]
        elif not item["spec"].get("suspend"):
            self._make_all(item)
        status = {"restarts": 0, "conditions": keep_times(conditions, item),
                  "replicatedJobsStatus": [self._count(item, one) for one in item["spec"]["replicatedJobs"]]}
        if conditions:
            status["terminalState"] = conditions[0]["type"]
        self.tell(item, status)

    def _make_all(self, item):
        network = item["spec"].get("network", {})
        subdomain = network.get("subdomain", item["metadata"]["name"])
        named = network.get("enableDNSHostnames", True)
        if named:
            self.make(item, "/api/v1", {
                "apiVersion": "v1", "kind": "Service", "metadata": {"name": subdomain},
                "spec": {"clusterIP": "None", "selector": {PREFIX + "jobset-name": item["metadata"]["name"]},
                         "publishNotReadyAddresses": network.get("publishNotReadyAddresses", True)}})
        first = 0
        for replicated in item["spec"]["replicatedJobs"]:
            for index in range(replicated.get("replicas", 1)):
                job = job_of(item, replicated, index, first + index)
                if named:
                    job["spec"]["template"]["spec"]["subdomain"] = subdomain
                self.make(item, "/apis/batch/v1", job)
            first += replicated.get("replicas", 1)

    def _count(self, item, replicated):
        """Of the Jobs of one replicated job. A server that counts no ready pods says active ones instead."""
        own = [job for job in self.of(item, "Job").values()
               if job["metadata"]["labels"].get(PREFIX + "replicatedjob-name") == replicated["name"]]
        ends = [ended_as(job) for job in own]
        going = [job for job, end in zip(own, ends) if not end]
        ready = [job for job in going if job.get("status", {}).get("active", 0) >= job["spec"].get("parallelism", 1)]
        return {"name": replicated["name"], "ready": len(ready), "suspended": 0,
                "active": len([job for job in going if job.get("status", {}).get("active")]),
                "succeeded": ends.count("Complete"), "failed": ends.count("Failed")}


def job_of(item, replicated, index, overall):
    """The Job of one replica; its labels and annotations are its pods' too."""
    meta = item["metadata"]
    template = copy.deepcopy(replicated["template"])
    name = f"{meta['name']}-{replicated['name']}-{index}"
    replicas = str(replicated.get("replicas", 1))
    whole = str(sum(one.get("replicas", 1) for one in item["spec"]["replicatedJobs"]))
    told = {"jobset-name": meta["name"], "replicatedjob-name": replicated["name"], "restart-attempt": "0",
            "replicatedjob-replicas": replicas, "global-replicas": whole, "job-index": str(index),
            "job-key": hashlib.sha1(f"{meta['namespace']}/{name}".encode()).hexdigest(),
            "job-global-index": str(overall)}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": template["spec"]}
    pods = job["spec"]["template"].setdefault("metadata", {})
    for target, before in ((job["metadata"], template.get("metadata", {})), (pods, pods)):
        for key in ("labels", "annotations"):
            target[key] = {**before.get(key, {}), **{PREFIX + word: value for word, value in told.items()}}
    return job
