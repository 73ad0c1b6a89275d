#!/usr/bin/env python3
"""deploy/kubernetes/collectives/indexed-job on a cluster, as it is but for its program of ranks and its sizes: the real
scheduler places the agents by their GPUs, the coordinator measures over them and ends; a more urgent pod takes a node away."""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from cluster import ROOT, SKIPPED, complaints, conclude, expect
from rack_cluster import apply, log_of, pods, rack_cluster, run_inside, skip_without_rights, wait_for

SPACE = "plumbline"
FOLDER = ROOT / "deploy/kubernetes/collectives/indexed-job"
JOBS = f"/apis/batch/v1/namespaces/{SPACE}/jobs/"
AGENTS, COORDINATOR = "plumbline-collective", "plumbline-collective-coordinator"
# The ranks of a machine without GPUs, and sizes for it.
SMALL = ["collective", "all_reduce", "--agents", "/stage/stage.yaml", "-g", "2", "-b", "4K", "-e", "16K",
         "-f", "2", "-w", "1"]
def sh(*words, cwd=None, given=None):
    return subprocess.run(words, cwd=cwd, check=True, capture_output=True, text=True, input=given).stdout


def certificates():
    """The Secret that the manifests mount: an authority, two agents and a coordinator, as docs/security.md says."""
    with tempfile.TemporaryDirectory() as folder:
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        sh("openssl", "req", "-x509", *curve, "-days", "2", "-subj", "/CN=test", "-keyout", "ca.key",
           "-out", "ca.crt", cwd=folder)
        for name, role in (("node-0", "agent"), ("node-1", "agent"), ("coordinator", "coordinator")):
            sh("openssl", "req", *curve, "-keyout", f"{name}.key", "-out", "request",
               "-subj", f"/O=plumbline/OU={role}/CN={name}", cwd=folder)
            sh("openssl", "x509", "-req", "-in", "request", "-CA", "ca.crt", "-CAkey", "ca.key",
               "-CAcreateserial", "-days", "2", "-extfile", "/dev/stdin", "-out", f"{name}.crt",
               cwd=folder, given=f"subjectAltName=DNS:{name}\n")
        files = {path.name: base64.b64encode(path.read_bytes()).decode()
                 for path in pathlib.Path(folder).glob("*.*") if path.name not in ("ca.key", "ca.srl")}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "plumbline-collective-tls"},
            "data": files}


def rendered(words):
    """The folder by kubectl's kustomize, with another program of ranks and the coordinator's words."""
    container = "/spec/template/spec/containers/0/args"
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        patches = [{"target": {"kind": "Job", "name": f"^{AGENTS}$"}, "patch": json.dumps(
            [{"op": "add", "path": container + "/-", "value": "--rank=/usr/local/bin/meeting-rank"}])},
            {"target": {"kind": "Job", "name": f"^{COORDINATOR}$"}, "patch": json.dumps(
                [{"op": "replace", "path": container, "value": words}])}]
        pathlib.Path(folder, "kustomization.yaml").write_text(json.dumps(
            {"resources": [os.path.relpath(FOLDER, folder)], "patches": patches}))
        return sh("kubectl", "kustomize", folder)


def kubectl(api, *words, given=None):
    return sh("kubectl", "--kubeconfig", str(api.kubeconfig), *words, given=given)


def begin(api, words):
    kubectl(api, "apply", "--validate=false", "-f", "-", given=rendered(words))


def end(api):
    for job in (AGENTS, COORDINATOR):
        api.ask("DELETE", JOBS + job + "?propagationPolicy=Background")
    wait_for("the jobs' pods are gone", lambda: not pods(api, SPACE))


def agents(api):
    return pods(api, SPACE, f"job-name={AGENTS}")


def all_agents_run(api):
    found = agents(api)
    return len(found) == 2 and all(one["status"].get("phase") == "Running" for one in found.values()) and found


def measures(api):
    """The table of the coordinator's log, from ranks on two nodes that the scheduler chose."""
    begin(api, [*SMALL, "-n", "5"])
    found = wait_for("both agents run", lambda: all_agents_run(api))
    nodes = {one["spec"]["nodeName"] for one in found.values()}
    expect(len(nodes) == 2, f"the agents share {nodes}")
    for node in nodes:
        held = json.loads((api.run / f"kubelets/{node}/podresources.json").read_text())["pod_resources"]
        own = [one for one in held if one["namespace"] == SPACE and one["name"] in found]
        expect(own and len(own[0]["containers"][0]["devices"]) == 8, f"GPUs of {node}: {own}")
    wait_for("the coordinator is done", lambda: api.ask("GET", JOBS + COORDINATOR)["status"].get("succeeded"), 90)
    done = [name for name, one in pods(api, SPACE, f"job-name={COORDINATOR}").items()
            if one["status"]["phase"] == "Succeeded"]
    said = log_of(api, SPACE, done[0])
    rows = [line for line in said.splitlines() if line.strip()[:1].isdigit()]
    expect(len(rows) == 3 and "node-0" in said and "node-1" in said, said)
    end(api)


def gives_way(api):
    """What is more urgent gets the GPUs of a node; the agent there ends its ranks, and the collective fails by it."""
    begin(api, [*SMALL, "-n", "1000000", "-T", "30"])
    found = wait_for("both agents run", lambda: all_agents_run(api))
    wait_for("ranks measure", lambda: any(ranks()))
    time.sleep(0.5)
    victim = next(one["spec"]["nodeName"] for one in found.values())
    apply(api, {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
                "metadata": {"name": "urgent"}, "value": 1000})
    begun = time.monotonic()
    apply(api, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "urgent"}, "spec": {
        "priorityClassName": "urgent", "nodeSelector": {"kubernetes.io/hostname": victim},
        "terminationGracePeriodSeconds": 0, "containers": [
            {"name": "main", "image": "machine", "command": ["sleep", "1000"],
             "resources": {"limits": {"nvidia.com/gpu": 8}}}]}})
    wait_for("no rank is left", lambda: not any(ranks()), 15)
    print(f"preempted: no rank runs {time.monotonic() - begun:.2f} s after the urgent pod was made")
    wait_for("the urgent pod runs", lambda: pods(api, SPACE)["urgent"]["status"]["phase"] == "Running")
    failed = wait_for("the coordinator fails", lambda: [
        name for name, one in pods(api, SPACE, f"job-name={COORDINATOR}").items()
        if one["status"]["phase"] == "Failed"])
    said = log_of(api, SPACE, failed[0])
    expect("node-" in said and any(word in said for word in ("failed", "does not answer", "is stopping")), said)
    api.ask("DELETE", f"/api/v1/namespaces/{SPACE}/pods/urgent")
    end(api)


def ranks():
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            yield (folder / "cmdline").read_bytes().startswith(b"/usr/local/bin/meeting-rank\0")
        except OSError:
            continue


def inside(rack):
    with rack_cluster(pathlib.Path(rack)) as api:
        apply(api, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
        account = f"/api/v1/namespaces/{SPACE}/serviceaccounts/default"
        wait_for("the account is there", lambda: api.ask("GET", account))
        apply(api, certificates())
        try:
            measures(api)
            gives_way(api)
        finally:
            if sys.exc_info()[0] or complaints:
                for name, one in pods(api, SPACE).items():
                    print(name, json.dumps(one["status"])[:1500])
                    print(log_of(api, SPACE, name)[-2000:] if one["status"].get("podIP") else "")
    conclude()


if len(sys.argv) > 1:
    inside(sys.argv[1])
elif not shutil.which("kubectl"):
    print("skipped: there is no kubectl")
    sys.exit(SKIPPED)
else:
    skip_without_rights()
    run_inside(__file__)
