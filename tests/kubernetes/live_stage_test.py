#!/usr/bin/env python3
"""A stage over a virtual rack whose word is on a real API server: it finds the agents by their pods, reads the claims
live and names the lying label; a node that should have an agent and has none is told, never passed over."""

import contextlib
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import urllib.error

from cluster import PROGRAM, ROOT, cluster, complaints, conclude, expect

sys.path.insert(0, str(ROOT / "tests/integration"))
import stage_support  # noqa: E402  (its folder was added just now)

KINDS = {"resourceslices": ("resource.k8s.io", "v1", "ResourceSlice", False),
         "resourceclaims": ("resource.k8s.io", "v1", "ResourceClaim", True),
         "workloads": ("kueue.x-k8s.io", "v1beta1", "Workload", True)}
AGENT = "app.kubernetes.io/name"
def items(bundle, name):
    return json.loads(pathlib.Path(bundle, name + ".json").read_text())["items"]


def create(api, path, item):
    """An object as the rack's bundle has it; what the server gives itself is left to it."""
    meta = {key: value for key, value in item["metadata"].items()
            if key in ("name", "namespace", "labels", "annotations")}
    made = api.create(path, {**item, "metadata": meta})
    if "status" in item:
        api.put_status(f"{path}/{meta['name']}", item["status"])
    return made["metadata"]["uid"]


def agent_pod(node):
    ready = [{"type": "Ready", "status": "True"}]
    address = node["status"]["addresses"][0]["address"]
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "agent-" + node["metadata"]["name"],
                         "labels": {AGENT: "plumbline-agent"}},
            "spec": {"nodeName": node["metadata"]["name"], "hostNetwork": True,
                     "automountServiceAccountToken": False,
                     "containers": [{"name": "agent", "image": "the-racks-own-agent"}]},
            "status": {"phase": "Running", "podIP": address, "hostIP": address,
                       "podIPs": [{"ip": address}], "conditions": ready}}


def make_spaces(api, spaces):
    for space in spaces:
        api.create("/api/v1/namespaces", {"metadata": {"name": space}})
        with contextlib.suppress(urllib.error.HTTPError):  # a controller may have been quicker
            api.create(f"/api/v1/namespaces/{space}/serviceaccounts",
                       {"metadata": {"name": "default", "namespace": space}})


def tell_networks(rack, recorded, uid):
    """The CNI results of the nodes name the pod by the uid that the server gave it."""
    for result in rack.glob("nodes/*/cni/results/*"):
        text = result.read_text()
        if recorded in text:
            result.write_text(text.replace(recorded, uid))


def admitted(api, group):
    """The rack's gang as Kueue has it: this server drops spec.schedulingGroup, by which a pod names its PodGroup, and keeps
    an annotation."""
    meta, spec = group["metadata"], group["spec"]
    create(api, f"/apis/kueue.x-k8s.io/v1beta1/namespaces/{meta['namespace']}/workloads", {
        "apiVersion": "kueue.x-k8s.io/v1beta1", "kind": "Workload",
        "metadata": {key: meta[key] for key in ("name", "namespace")},
        "spec": {"podSets": [{"name": "main", "count": spec["schedulingPolicy"]["gang"]["minCount"],
                              "topologyRequest": {
                                  "required": spec["schedulingConstraints"]["topology"][0]["key"]}}]},
        "status": {"admission": {"clusterQueue": "racks", "podSetAssignments": [{"name": "main"}]}}})


def tie_to_group(pod):
    """The annotation and the label that Kueue ties a pod of a gang to its Workload by."""
    group = pod["spec"].pop("schedulingGroup", None)
    if group:
        pod["metadata"]["annotations"] = {"kueue.x-k8s.io/workload": group["podGroupName"]}
        pod["metadata"].setdefault("labels", {})["kueue.x-k8s.io/podset"] = "main"


def fill(api, bundle, registered=False):
    """The rack's objects, and a pod for each of its agents. Nodes that kubelets registered are left as they are."""
    for plural, (group, version, kind, namespaced) in KINDS.items():
        api.define(group, version, kind, plural, namespaced)
    pods = items(bundle, "pods")
    make_spaces(api, {"plumbline", *(pod["metadata"]["namespace"] for pod in pods)})
    for node in items(bundle, "nodes"):
        if not registered:
            create(api, "/api/v1/nodes", node)
        create(api, "/api/v1/namespaces/plumbline/pods", agent_pod(node))
    for piece in items(bundle, "resourceslices"):
        create(api, "/apis/resource.k8s.io/v1/resourceslices", piece)
    for group in items(bundle, "podgroups"):
        admitted(api, group)
    uids = {}
    for pod in pods:
        pod["spec"]["automountServiceAccountToken"] = False
        tie_to_group(pod)
        uid = create(api, f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods", pod)
        uids[pod["metadata"]["name"]] = uid
        tell_networks(bundle.parent, pod["metadata"]["uid"], uid)
    for claim in items(bundle, "resourceclaims"):
        for user in claim["status"]["reservedFor"]:
            user["uid"] = uids[user["name"]]
        space = claim["metadata"]["namespace"]
        create(api, f"/apis/resource.k8s.io/v1/namespaces/{space}/resourceclaims", claim)


def live_stage_file(rack, kubeconfig, name, nodes="kubernetes.io/hostname"):
    """The rack's stage file, its agents and claims from the cluster, and as short as can be."""
    lines = (rack / "stage.yaml").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(("agents:", "  - {node:", "claims:",
                                                           "collectives:", "measure:"))]
    kept += [f"claims: {{kubeconfig: {kubeconfig}}}",
             f"agent_pods: {{namespace: plumbline, nodes: {nodes}}}",
             "measure: {width: 0.05, pair_budget: 1s, batch: 150ms, message_sizes: [64KiB], "
             "both_ways: false, latency: false, node_probes: false}"]
    path = rack / f"{name}.yaml"
    path.write_text("\n".join(kept) + "\n")
    return path


def stage(file, results):
    over = pathlib.Path(results + ".done")
    done = subprocess.run([PROGRAM, "stage", "-f", file, "--results", results, "--done", over],
                          text=True, capture_output=True, timeout=300, check=False)
    with tarfile.open(over.read_text()) as archive:
        expect({"report.json", "report.html", "fabric-junit.xml"} <= {*archive.getnames()},
               archive.getnames())
    report = pathlib.Path(results, "report.json")
    if not report.exists():
        sys.exit(f"no report: exit code {done.returncode}\n{done.stderr}")
    told = json.loads(report.read_text())
    print(f"{file.name}: {told['verdict']}: {told['because'][:1]}")
    return done.returncode, told, done.stdout + done.stderr


def judge(code, report, output):
    before = len(complaints)
    expect(code == 1, f"exit code {code}")
    first = report["findings"][0]
    expect(first["subject"]["kind"] == "label" and first["subject"]["node"] == "node-4",
           first["subject"])
    expect(set(report["coverage"].values()) == {1.0}, report["coverage"])
    quoted = [f["claim"] for f in report["findings"] if f.get("claim")]
    expect(quoted and all(claim["resource_version"] for claim in quoted),
           "a quoted claim has no resourceVersion")
    slices = [f for f in report["findings"] if f["rule"] == "X03" and f["verdict"] == "match"]
    expect(len(slices) >= 12, f"{len(slices)} devices of slices found true")
    if len(complaints) > before:
        print(output[-8000:])


def judge_missing(code, report, output):
    """One agent's pod is gone, another is not ready; the rest is measured all the same."""
    before = len(complaints)
    words = json.dumps([f["message"] for f in report["findings"] if f["rule"] == "agent"])
    expect("no pod app.kubernetes.io/name=plumbline-agent of namespace plumbline" in words, words)
    expect("plumbline/agent-node-6 is not ready (Running)" in words, words)
    expect(code in (1, 2) and report["coverage"]["nodes"] < 1, f"{code} {report['coverage']}")
    expect(any(o["status"] == "measured" for o in report["outcomes"]), "nothing was measured")
    if len(complaints) > before:
        print(output[-8000:])


def judge_unreachable(code, report, output):
    expect(code == 2 and report["verdict"] == "inconclusive", f"{code} {report['verdict']}")
    expect("looking for the agents' pods" in output, output[-2000:])


def inside(rack):
    """In the rack's control node: the API server, its objects, the stages."""
    rack = pathlib.Path(rack)
    with cluster() as api, tempfile.TemporaryDirectory(prefix="plumbline-live-") as results:
        fill(api, rack / "bundle")
        judge(*stage(live_stage_file(rack, api.kubeconfig, "whole"), results + "/whole"))
        pods = "/api/v1/namespaces/plumbline/pods/"
        api.ask("DELETE", pods + "agent-node-1?gracePeriodSeconds=0")
        api.put_status(pods + "agent-node-6", {"phase": "Running", "conditions": [
            {"type": "Ready", "status": "False"}]})
        judge_missing(*stage(live_stage_file(rack, api.kubeconfig, "missing"),
                             results + "/missing"))
        api.server_down()
        judge_unreachable(*stage(live_stage_file(rack, api.kubeconfig, "gone"), results + "/gone"))
    conclude()


def main():
    with stage_support.rack("lying-label") as (rack, _):
        done = subprocess.run([ROOT / "deploy/rack", "--dir", rack, "exec", "control", "--",
                               sys.executable, "-B", __file__, rack], text=True, check=False,
                              capture_output=True, stdin=subprocess.DEVNULL)
    print(done.stdout, done.stderr)
    sys.exit(done.returncode)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        inside(sys.argv[1])
    else:
        main()
