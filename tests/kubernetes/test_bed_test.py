#!/usr/bin/env python3
"""The cluster that the other tests stand on does what a cluster does: the real scheduler places pods by their devices and
takes them away for more urgent ones, the real controllers make and clean up, and the nodes run what is bound to them."""

import json
import os
import pathlib
import sys
import time

from cluster import conclude, expect
from rack_cluster import apply, log_of, pods, rack_cluster, run_inside, skip_without_rights, wait_for

SPACE = "plumbline"
RANK = {"fieldRef": {"fieldPath": "metadata.annotations['batch.kubernetes.io/job-completion-index']"}}
ADDRESS = {"fieldRef": {"fieldPath": "status.podIP"}}
def container(script, **more):
    return {"name": "main", "image": "machine", "command": ["sh", "-c", script], **more}


def pod(name, *containers, **spec):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"name": name}},
            "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
                     "containers": list(containers), **spec}}


def phase(api, name):
    return pods(api, SPACE)[name]["status"]["phase"]


def a_job_has_indexes_and_names(api):
    """Each rank knows its index and address, and finds the others by name; all devices of a node are one's own."""
    script = 'echo "rank $RANK of $IP on $(hostname)"; until getent hosts job-2.ranks; do sleep 0.1; done; sleep 1'
    apply(api, {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": {
        "completionMode": "Indexed", "completions": 3, "parallelism": 3, "template": {"spec": {
            "restartPolicy": "Never", "subdomain": "ranks", "containers": [container(
                script, resources={"limits": {"nvidia.com/gpu": 8}},
                env=[{"name": "RANK", "valueFrom": RANK}, {"name": "IP", "valueFrom": ADDRESS}])]}}}})
    job = "/apis/batch/v1/namespaces/plumbline/jobs/job"
    wait_for("the job is done", lambda: api.ask("GET", job)["status"].get("succeeded") == 3)
    ended = [one for name, one in pods(api, SPACE, "job-name=job").items()]
    expect(len({one["spec"]["nodeName"] for one in ended}) == 3, "ranks share a node's GPUs")
    for one in ended:
        index = one["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"]
        said = log_of(api, SPACE, one["metadata"]["name"])
        expect(f"rank {index} of {one['status']['podIP']} on job-{index}" in said, said)
    api.ask("DELETE", job + "?propagationPolicy=Background")
    wait_for("the job's pods are collected", lambda: not pods(api, SPACE, "job-name=job"))


def files_and_rights_are_the_pods(api):
    apply(api, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"},
                "stringData": {"key": "hunter2"}})
    apply(api, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "words"},
                "data": {"word": "plumb"}})
    script = ("id -u; cat /keys/key /words/word; stat -c %a:%g /keys/key; touch /kept/file && echo kept; "
              "touch /usr/file || echo cannot; ls /var/run/secrets/kubernetes.io/serviceaccount; "
              "test -S /kubelet/kubelet.sock && echo socket; grep CapEff /proc/self/status; exit 3")
    apply(api, pod("files", container(
        script, volumeMounts=[{"name": "keys", "mountPath": "/keys", "readOnly": True},
                              {"name": "words", "mountPath": "/words"},
                              {"name": "kept", "mountPath": "/kept"},
                              {"name": "kubelet", "mountPath": "/kubelet", "readOnly": True}],
        securityContext={"runAsUser": 65534, "readOnlyRootFilesystem": True,
                         "capabilities": {"drop": ["ALL"]}}),
        securityContext={"fsGroup": 65534},
        volumes=[{"name": "keys", "secret": {"secretName": "keys", "defaultMode": 0o440}},
                 {"name": "words", "configMap": {"name": "words"}},
                 {"name": "kept", "emptyDir": {}},
                 {"name": "kubelet", "hostPath": {"path": "/var/lib/kubelet/pod-resources",
                                                  "type": "Directory"}}]))
    wait_for("files ended", lambda: phase(api, "files") == "Failed")
    state = pods(api, SPACE)["files"]["status"]["containerStatuses"][0]["state"]
    expect(state["terminated"]["exitCode"] == 3, state)
    said = log_of(api, SPACE, "files")
    for words in ("65534\n", "hunter2", "plumb", "440:65534", "kept", "cannot", "ca.crt", "token",
                  "socket", "CapEff:\t0000000000000000"):
        expect(words in said, f"{words} in {said}")


def devices_run_out_and_priority_wins(api):
    """What does not fit stays pending; what is urgent takes the place of what is not, which gets its grace."""
    for name, value in (("urgent", 1000), ("patient", -1000)):
        apply(api, {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
                    "metadata": {"name": name}, "value": value})
    where = {"kubernetes.io/hostname": "node-2"}
    wants = {"limits": {"rdma/hca": 2}}
    stays = "trap 'echo told; exit 0' TERM; echo up; while :; do sleep 0.1; done"
    first = pod("patient", container(stays, resources=wants), nodeSelector=where,
                priorityClassName="patient")
    apply(api, first)
    wait_for("patient runs", lambda: phase(api, "patient") == "Running")
    apply(api, pod("second", container(stays, resources=wants), nodeSelector=where,
                   priorityClassName="patient"))
    held = json.loads((api.run / "kubelets/node-2/podresources.json").read_text())["pod_resources"]
    mine = [one for one in held if one["name"] == "patient"]
    given = [device["device_ids"] for device in mine[0]["containers"][0]["devices"]] if mine else []
    expect(sorted(given) == [["ens1"], ["ens2"]], held)
    unscheduled = lambda: [one for one in pods(api, SPACE)["second"]["status"].get("conditions", [])
                           if one.get("reason") == "Unschedulable"]
    wait_for("second is told to be unschedulable", unscheduled)
    apply(api, pod("urgent", container(stays, resources=wants), nodeSelector=where,
                   priorityClassName="urgent"))
    wait_for("urgent runs", lambda: phase(api, "urgent") == "Running")
    left = pods(api, SPACE)
    expect("patient" not in left and left["second"]["status"]["phase"] == "Pending", left.keys())
    for name in ("urgent", "second"):
        api.ask("DELETE", f"/api/v1/namespaces/{SPACE}/pods/{name}")
    wait_for("both are gone", lambda: not {"urgent", "second"} & {*pods(api, SPACE)})


def daemons_and_a_restarted_server(api):
    """A DaemonSet has its pod on each node, and the cluster goes on after the server was away."""
    apply(api, {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "daemon"}, "spec": {
        "selector": {"matchLabels": {"app": "daemon"}}, "template": {
            "metadata": {"labels": {"app": "daemon"}},
            "spec": {"hostNetwork": True, "terminationGracePeriodSeconds": 0, "containers": [
                container("exec python3 -m http.server --bind $IP 8099",
                          env=[{"name": "IP", "valueFrom": ADDRESS}],
                          readinessProbe={"tcpSocket": {"port": 8099}})]}}}})
    daemon = "/apis/apps/v1/namespaces/plumbline/daemonsets/daemon"
    ready = lambda: api.ask("GET", daemon)["status"].get("numberReady") == 6
    wait_for("six daemons are ready", ready)
    api.restart()
    victim = next(iter(pods(api, SPACE, "app=daemon")))
    api.ask("DELETE", f"/api/v1/namespaces/{SPACE}/pods/{victim}")
    wait_for("another daemon takes its place",
             lambda: victim not in pods(api, SPACE, "app=daemon") and ready())


def processes():
    """The processes of this network namespace and of the nodes', by their roots: containers have one of their own."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if b"http.server" in (folder / "cmdline").read_bytes() and os.readlink(
                    folder / "ns/pid") != os.readlink("/proc/self/ns/pid"):
                found.append(folder.name)
        except OSError:
            continue
    return found


def inside(rack):
    with rack_cluster(pathlib.Path(rack)) as api:
        apply(api, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
        account = f"/api/v1/namespaces/{SPACE}/serviceaccounts/default"
        wait_for("the account has a token", lambda: api.ask("GET", account).get("secrets"))
        for scene in (a_job_has_indexes_and_names, files_and_rights_are_the_pods,
                      devices_run_out_and_priority_wins, daemons_and_a_restarted_server):
            start = time.monotonic()
            scene(api)
            print(f"{scene.__name__}: {time.monotonic() - start:.1f} s", flush=True)
        expect(len(processes()) >= 5, "the daemons' processes are not seen")
    end = time.monotonic() + 5
    while processes() and time.monotonic() < end:
        time.sleep(0.05)
    expect(not processes(), f"left behind: {processes()}")
    conclude()


if len(sys.argv) > 1:
    inside(sys.argv[1])
else:
    skip_without_rights()
    run_inside(__file__)
