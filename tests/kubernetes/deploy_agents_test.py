#!/usr/bin/env python3
"""A stage brings the agents itself: the DaemonSet that kustomize makes, with certificates of its own, on every node;
asks them, and takes them away."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

from cluster import PROGRAM, ROOT, conclude, expect
from rack_cluster import apply, pods, rack_cluster, run_inside, skip_without_rights, wait_for

SPACE = "plumbline"
DAEMONS = "/apis/apps/v1/namespaces/plumbline/daemonsets"
def stage_file(rack, kubeconfig):
    """The rack's stage file without agents and without TLS: both come with the stage."""
    lines = (rack / "stage.yaml").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(
        ("agents:", "  - {node:", "tls:", "claims:", "collectives:", "measure:"))]
    kept += [f"claims: {{kubeconfig: {kubeconfig}}}", "agent_pods: {namespace: plumbline}",
             "measure: {width: 0.05, pair_budget: 1s, batch: 150ms, message_sizes: [64KiB], "
             "both_ways: false, latency: false, node_probes: false}"]
    path = rack / "brought.yaml"
    path.write_text("\n".join(kept) + "\n")
    return path


def same_as_kustomize(api, daemon):
    """What the pods are made of: arguments, rights and mounts of the overlay, but for the run's own names."""
    if shutil.which("kubectl") is None:
        print("not compared with what kustomize makes: there is no kubectl")
        return
    made = subprocess.run(["kubectl", "kustomize", ROOT / "deploy/kubernetes/overlays/prober"],
                          capture_output=True, text=True, check=True).stdout
    text = next(part for part in made.split("\n---\n") if "kind: DaemonSet" in part)
    read = subprocess.run(["kubectl", "--kubeconfig", api.kubeconfig, "create", "--dry-run=client",
                           "--validate=false", "-o", "json", "-f", "-"],
                          input=text, capture_output=True, text=True, check=False)
    if read.returncode != 0:
        return expect(False, f"kubectl cannot read what kustomize made: {read.stderr}")
    wanted = json.loads(read.stdout)
    ours, theirs = (one["spec"]["template"]["spec"] for one in (daemon, wanted))
    for key in ("args", "env", "securityContext", "volumeMounts", "ports", "readinessProbe"):
        one, other = ours["containers"][0][key], theirs["containers"][0][key]
        if key == "readinessProbe":
            one, other = one["httpGet"]["path"], other["httpGet"]["path"]
        if key == "env":
            one, other = ([entry["name"] for entry in both] for both in (one, other))
        if key == "ports":
            one, other = ([entry["containerPort"] for entry in both] for both in (one, other))
        expect(one == other, f"{key}: {one} and by kustomize {other}")
    expect(ours["hostNetwork"] == theirs["hostNetwork"], "hostNetwork differs")
    names = lambda spec: sorted(volume["name"] for volume in spec["volumes"])
    expect(names(ours) == names(theirs), f"{names(ours)} and by kustomize {names(theirs)}")


def inside(rack):
    rack = pathlib.Path(rack)
    with rack_cluster(rack, for_agents=True, word=False) as api:
        apply(api, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
        apply(api, {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
                    "metadata": {"name": "plumbline-measures"}, "value": -1000})
        account = f"/api/v1/namespaces/{SPACE}/serviceaccounts/default"
        wait_for("the account has a token", lambda: api.ask("GET", account).get("secrets"))
        results = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-brought-"))
        with open(results / "log", "wb") as log:
            stage = subprocess.Popen([PROGRAM, "stage", "-f", stage_file(rack, api.kubeconfig),
                                      "--results", results, "--deploy-agents"],
                                     stdout=log, stderr=log)
            daemon = wait_for("the agents are brought", lambda: api.ask("GET", DAEMONS)["items"])[0]
            same_as_kustomize(api, daemon)
            stage.wait(200)
        report = json.loads((results / "report.json").read_text())
        print(f"{report['verdict']}: {report['because'][:3]}")
        expect(stage.returncode == 0 and report["verdict"] == "pass", f"{stage.returncode} {report['because']}")
        lost = [one["message"] for one in report["findings"] if one["rule"] == "agent"]
        expect(not lost and len(report["nodes"]) == 6, f"{lost} {report['nodes']}")
        # Agents in containers see all NICs of their nodes, and measured every pair of them.
        expect(set(report["coverage"].values()) == {1.0}, report["coverage"])
        rails = {one["from"]["rail"] for one in report["outcomes"] if one["status"] == "measured"}
        expect(rails == {"rail-a", "rail-b"}, rails)
        expect(not api.ask("GET", DAEMONS)["items"], "the DaemonSet is still there")
        expect(not pods(api, SPACE), [*pods(api, SPACE)])
        secrets = api.ask("GET", f"/api/v1/namespaces/{SPACE}/secrets")["items"]
        expect(not [one for one in secrets if "agents-tls" in one["metadata"]["name"]], "a Secret is left")
    conclude()


if len(sys.argv) > 1:
    inside(sys.argv[1])
else:
    skip_without_rights()
    run_inside(__file__)
