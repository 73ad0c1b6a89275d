"""MPIJob (kubeflow.org/v2beta1, as of mpi-operator 0.5): worker pods that the controller makes itself, a launcher Job, the
Service of both, a hostfile and an SSH key. Gangs of its own, elastic jobs and suspending are not played."""

import copy
import subprocess

from controller import Controller, condition, ended_as, keep_times

LABEL = "training.kubeflow.org/"
SSH_ITEMS = [{"key": "ssh-privatekey", "path": "id_rsa"}, {"key": "ssh-publickey", "path": "id_rsa.pub"},
             {"key": "ssh-publickey", "path": "authorized_keys"}]
CONFIG_ITEMS = [{"key": "hostfile", "path": "hostfile", "mode": 0o444},
                {"key": "discover_hosts.sh", "path": "discover_hosts.sh", "mode": 0o555}]
LAUNCHER_ENVIRONMENT = {
    "K_MPI_JOB_ROLE": "launcher", "OMPI_MCA_orte_keep_fqdn_hostnames": "true",
    "OMPI_MCA_orte_default_hostfile": "/etc/mpi/hostfile", "OMPI_MCA_plm_rsh_args": "-o ConnectionAttempts=10",
    "NVIDIA_VISIBLE_DEVICES": "", "NVIDIA_DRIVER_CAPABILITIES": ""}


class MpiJobs(Controller):
    api_version, kind, plural = "kubeflow.org/v2beta1", "MPIJob", "mpijobs"
    made = ("/apis/batch/v1/jobs", "/api/v1/pods")

    def look(self, item):
        name = item["metadata"]["name"]
        launcher = self.of(item, "Job").get(name + "-launcher", {})
        end = ended_as(launcher)
        if end:
            if item["spec"].get("runPolicy", {}).get("cleanPodPolicy", "None") != "None":
                for pod in self.of(item, "Pod").values():
                    self.remove("/api/v1", {**pod, "kind": "Pod"})
        else:
            self._make_all(item)
        self.tell(item, self._status(item, launcher, end))

    def _status(self, item, launcher, end):
        phases = [pod.get("status", {}).get("phase") for pod in self.of(item, "Pod").values()]
        runs = launcher.get("status", {}).get("active", 0) > 0
        name = f"MPIJob {item['metadata']['namespace']}/{item['metadata']['name']}"
        conditions = [condition("Created", "MPIJobCreated", name + " is created.")]
        if runs and phases.count("Running") == replicas(item, "Worker"):
            conditions.append(condition("Running", "MPIJobRunning", name + " is running."))
        if end == "Complete":
            conditions.append(condition("Succeeded", "MPIJobSucceeded", name + " successfully completed."))
        elif end:
            conditions.append(condition("Failed", "MPIJobFailed", name + " has failed"))
        return {"conditions": keep_times(conditions, item), "replicaStatuses": {
            "Launcher": {"active": 1 if runs else 0},
            "Worker": {"active": phases.count("Running"), "failed": phases.count("Failed")}}}

    def _make_all(self, item):
        name, count = item["metadata"]["name"], replicas(item, "Worker")
        hosts = [f"{name}-worker-{index}.{name}.{item['metadata']['namespace']}.svc" for index in range(count)]
        slots = item["spec"].get("slotsPerWorker", 1)
        labels = {"app": name}
        self.make(item, "/api/v1", {
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "labels": labels},
            "spec": {"clusterIP": "None", "selector": {LABEL + "operator-name": "mpi-operator",
                                                       LABEL + "job-name": name}}})
        self.make(item, "/api/v1", {
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name + "-config", "labels": labels},
            "data": {"hostfile": "".join(f"{host} slots={slots}\n" for host in hosts),
                     "discover_hosts.sh": "#!/bin/sh\n" + "".join(f"echo {host}\n" for host in hosts)}})
        if ("Secret", name + "-ssh") not in self.children.get(item["metadata"]["uid"], {}):
            self.make(item, "/api/v1", {
                "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/ssh-auth",
                "metadata": {"name": name + "-ssh", "labels": labels}, "stringData": keys()})
        for index in range(count):
            self.make(item, "/api/v1", worker(item, index))
        self.make(item, "/apis/batch/v1", launcher_job(item))


def replicas(item, role):
    return item["spec"]["mpiReplicaSpecs"].get(role, {}).get("replicas", 0 if role == "Worker" else 1)


def keys():
    """A pair that nobody uses here: no test of this kind starts an sshd."""
    private = subprocess.run(["openssl", "ecparam", "-name", "secp521r1", "-genkey", "-noout"],
                             capture_output=True, text=True, check=True).stdout
    return {"ssh-privatekey": private, "ssh-publickey": "ecdsa-sha2-nistp521 not-derived\n"}


def pod_template(item, role, name):
    """The replica's template, with what every pod of the job has."""
    spec = item["spec"]["mpiReplicaSpecs"][role]
    template = copy.deepcopy(spec["template"])
    job = item["metadata"]["name"]
    meta = template.setdefault("metadata", {})
    meta["labels"] = {**meta.get("labels", {}), LABEL + "operator-name": "mpi-operator",
                      LABEL + "job-name": job, LABEL + "job-role": role.lower()}
    pod = template["spec"]
    pod |= {"hostname": name, "subdomain": job,
            "restartPolicy": spec.get("restartPolicy", "Never" if role == "Worker" else "OnFailure")}
    place = item["spec"].get("sshAuthMountPath", "/root/.ssh")
    secret = {"secretName": job + "-ssh", "items": SSH_ITEMS}
    if place == "/root/.ssh":
        secret["defaultMode"] = 0o600
    pod.setdefault("volumes", []).append({"name": "ssh-auth", "secret": secret})
    pod["containers"][0].setdefault("volumeMounts", []).append({"name": "ssh-auth", "mountPath": place})
    return template


def worker(item, index):
    name = f"{item['metadata']['name']}-worker-{index}"
    template = pod_template(item, "Worker", name)
    template["metadata"]["labels"][LABEL + "replica-index"] = str(index)
    container = template["spec"]["containers"][0]
    container.setdefault("env", []).append({"name": "K_MPI_JOB_ROLE", "value": "worker"})
    if not container.get("command") and not container.get("args"):
        container["command"] = ["/usr/sbin/sshd", "-De"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {**template["metadata"], "name": name},
            "spec": template["spec"]}


def launcher_job(item):
    job = item["metadata"]["name"]
    template = pod_template(item, "Launcher", job + "-launcher")
    environment = {**LAUNCHER_ENVIRONMENT,
                   "OMPI_MCA_orte_set_default_slots": str(item["spec"].get("slotsPerWorker", 1))}
    container = template["spec"]["containers"][0]
    container.setdefault("env", []).extend({"name": name, "value": value} for name, value in environment.items())
    template["spec"]["volumes"].append({"name": "mpi-job-config",
                                        "configMap": {"name": job + "-config", "items": CONFIG_ITEMS}})
    container["volumeMounts"].append({"name": "mpi-job-config", "mountPath": "/etc/mpi"})
    policy = item["spec"].get("runPolicy", {})
    kept = {key: policy[key] for key in ("ttlSecondsAfterFinished", "activeDeadlineSeconds", "backoffLimit")
            if key in policy}
    return {"apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": job + "-launcher", "labels": {"app": job}},
            "spec": {**kept, "template": template}}
