#!/usr/bin/env python3
"""`plumbline report RESULTS --node-reports` against a real API server: one NodeReport a node by server-side apply, owned
by its Node, its findings and nobody else's; written again without a conflict; a missing right is named."""

import json
import subprocess

from cluster import ROOT, cluster, complaints, conclude, expect, plumbline

REPORTS = "/apis/plumbline.dev/v1alpha1/nodereports"
def define(api):
    made = subprocess.run(["kubectl", "kustomize", ROOT / "deploy/kubernetes/overlays/node-reports"],
                          capture_output=True, text=True, timeout=60, check=True).stdout
    known = [text for text in made.split("\n---\n") if "kind: ValidatingAdmissionPolicy" not in text]
    done = subprocess.run(["kubectl", "--kubeconfig", api.kubeconfig, "apply", "--validate=false", "-f", "-"],
                          input="\n---\n".join(known), capture_output=True, text=True, timeout=60, check=False)
    expect(done.returncode == 0, f"the CRD is taken: {done.stderr}")
    subprocess.run(["kubectl", "--kubeconfig", api.kubeconfig, "wait", "--for=condition=Established",
                    "--timeout=60s", "crd/nodereports.plumbline.dev"], stdout=subprocess.DEVNULL, check=True)


def fill(api):
    """Node n0 with GPUs and NICs that share no root (a finding about it), n1 without anything."""
    for node in ("n0", "n1"):
        api.create("/api/v1/nodes", {"metadata": {"name": node}})
    api.define("resource.k8s.io", "v1", "ResourceSlice", "resourceslices", False)
    for driver, device, root in (("gpu.nvidia.com", "gpu-0", "pci0000:10"), ("dra.net", "nic-0", "pci0000:20")):
        api.create("/apis/resource.k8s.io/v1/resourceslices", {
            "apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice", "metadata": {"name": device},
            "spec": {"driver": driver, "nodeName": "n0",
                     "pool": {"name": "n0", "generation": 1, "resourceSliceCount": 1},
                     "devices": [{"name": device, "attributes": {
                         "resource.kubernetes.io/pcieRoot": {"string": root}}}]}})


def results_of(api):
    _, out, err = plumbline("check", "--kubeconfig", api.kubeconfig, "-o", "json")
    expect(out, f"a report to publish: {err}")
    report = json.loads(out)
    report["nodes"] = [{"name": name, "rack": "", "measured_rack": ""} for name in ("n0", "n1", "gone")]
    folder = api.run / "results"
    folder.mkdir()
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    return folder


def publishes(api, results):
    for _ in range(2):
        code, out, err = plumbline("report", results, "--node-reports", "--kubeconfig", api.kubeconfig)
        expect(code == 0 and "2 NodeReports written" in out, f"written, and again: {code} {out} {err}")
    items = {item["metadata"]["name"]: item for item in api.ask("GET", REPORTS)["items"]}
    expect(set(items) == {"n0", "n1"}, f"one a node that the cluster knows: {sorted(items)}")
    for name, item in items.items():
        owner = item["metadata"]["ownerReferences"][0]
        uid = api.ask("GET", f"/api/v1/nodes/{name}")["metadata"]["uid"]
        expect(owner["kind"] == "Node" and owner["uid"] == uid, f"{name} goes with its Node")
        expect(len(json.dumps(item)) < 100 * 1024, f"{name} is under 100 KiB")
    if complaints:
        return
    told = [finding["message"] for finding in items["n0"]["report"]["findings"]]
    expect(any("no GPU shares a PCIe root" in text for text in told), f"n0's finding: {told}")
    expect(not items["n1"]["report"]["findings"], "n1 has none of it")
    expect(items["n1"]["report"]["verdict"] == "inconclusive", "nothing measured is never a pass")


def marks(api, results):
    """Labels and a condition, each only when it is asked for, and without it the node is as it was."""
    node = lambda name: api.ask("GET", f"/api/v1/nodes/{name}")
    def labels(name):
        return {key: value for key, value in node(name)["metadata"].get("labels", {}).items()
                if key.startswith("plumbline.dev/")}
    def conditions(name):
        return [one for one in node(name)["status"].get("conditions", [])
                if one["type"] == "PlumblineFabric"]
    expect(not labels("n0") and not conditions("n0"), "nothing is marked unasked")
    code, out, err = plumbline("report", results, "--node-labels", "--kubeconfig", api.kubeconfig)
    expect(code == 0 and "2 nodes marked" in out, f"{code} {out} {err}")
    reported = {item["metadata"]["name"]: item["report"] for item in api.ask("GET", REPORTS)["items"]}
    for name in ("n0", "n1"):
        expect(labels(name).get("plumbline.dev/verdict") == reported[name]["verdict"], labels(name))
    expect(not conditions("n0"), "labels alone were asked for")
    for _ in range(2):
        code, out, err = plumbline("report", results, "--node-conditions", "--kubeconfig",
                                   api.kubeconfig)
        expect(code == 0, f"{code} {out} {err}")
    words = {"pass": "True", "fail": "False", "inconclusive": "Unknown"}
    for name in ("n0", "n1"):
        expect([one["status"] for one in conditions(name)] == [words[reported[name]["verdict"]]],
               conditions(name))
    expect("no GPU shares a PCIe root" in conditions("n0")[0]["message"], conditions("n0"))
    rules = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "patch"]}]
    config = api.config("half", {"token": api.account("half", rules)})
    code, _, err = plumbline("report", results, "--node-conditions", "--kubeconfig", config)
    expect(code == 70 and 'cannot patch resource "nodes/status"' in err, f"{code} {err}")


def names_a_missing_right(api, results):
    rules = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}]
    config = api.config("poor", {"token": api.account("poor", rules)})
    code, out, err = plumbline("report", results, "--node-reports", "--kubeconfig", config)
    expect(code == 70 and not out and "nodereports" in err and "forbidden" in err,
           f"a missing right is named: {code} {out} {err}")
    code, _, err = plumbline("report", results, "--node-reports")
    expect(code == 64 and "needs --kubeconfig" in err, f"a cluster is needed: {code} {err}")


def main():
    with cluster() as api:
        define(api)
        fill(api)
        results = results_of(api)
        publishes(api, results)
        marks(api, results)
        names_a_missing_right(api, results)
    conclude()


main()
