#!/usr/bin/env python3
"""The Helm chart makes the objects that kustomize makes, tier by tier, as a real API server understands both."""

import json
import shutil
import subprocess
import sys
import tempfile

from cluster import ROOT, SKIPPED, cluster, complaints, conclude

CHART = ROOT / "deploy/helm/plumbline"
OVERLAYS = ROOT / "deploy/kubernetes/overlays"
HELM = shutil.which("helm")
def out(*command, given=None):
    done = subprocess.run([*map(str, command)], input=given, capture_output=True, text=True,
                          timeout=120, check=False)
    if done.returncode != 0:
        complaints.append(f"{' '.join(map(str, command[:4]))}: {done.stderr.strip()[-400:]}")
    return done.stdout


def by_chart(values):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(values, file)
        file.flush()
        return out(HELM, "template", "plumbline", CHART, "--namespace", "plumbline", "-f", file.name)


def by_kustomize(*overlays):
    return "\n---\n".join(out("kubectl", "kustomize", OVERLAYS / name) for name in overlays)


def named(part):
    return part["name"]


def understood(api, text):
    """(kind, name) -> object with its defaults, without what the server gives each object anew."""
    listed = out("kubectl", "--kubeconfig", api.kubeconfig, "apply", "--dry-run=server",
                 "--validate=false", "-o", "json", "-f", "-", given=text)
    objects = {}
    for item in json.loads(listed)["items"] if listed else []:
        meta = item["metadata"]
        name = meta["name"]
        if item["kind"] == "ConfigMap":  # kustomize adds a hash
            name = "plumbline-stage"
        if item["kind"] == "Namespace":  # helm makes it by itself
            continue
        item["metadata"] = {key: meta[key] for key in ("namespace", "labels") if key in meta}
        pod = item.get("spec", {}).get("template")
        if pod:
            pod["metadata"]["labels"] = {key: value for key, value in pod["metadata"]["labels"].items()
                                         if key not in ("controller-uid", "job-name")}
            pod["spec"].get("volumes", []).sort(key=named)
            for container in pod["spec"]["containers"]:
                container["volumeMounts"].sort(key=named)
            for volume in pod["spec"].get("volumes", []):
                if volume["name"] == "stage":
                    volume["configMap"]["name"] = "plumbline-stage"
        if item["kind"] == "Job":
            item["spec"].pop("selector", None)
        objects[item["kind"], name] = item
    return objects


def first_difference(one, other, where=""):
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            found = first_difference(one.get(key), other.get(key), f"{where}.{key}")
            if found:
                return found
        return None
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, pair in enumerate(zip(one, other)):
            found = first_difference(*pair, f"{where}[{at}]")
            if found:
                return found
        return None
    return None if one == other else f"{where}: {one} by the chart, {other} by kustomize"


def compare(api, tier, workloads=False):
    stage = {"enabled": True, "workloads": workloads}
    overlay = "stage-workloads" if workloads else "stage-job"
    if workloads:
        stage["file"] = (OVERLAYS / overlay / "stage.yaml").read_text()
    values = {"agent": {"tier": tier}, "check": {"enabled": True}, "stage": stage}
    made = understood(api, by_chart(values))
    wanted = understood(api, by_kustomize(tier, "check-job", overlay))
    if set(made) != set(wanted):
        complaints.append(f"{tier}: {set(made) ^ set(wanted)} are made by one of the two only")
    for key in set(made) & set(wanted):
        found = first_difference(made[key], wanted[key])
        if found:
            complaints.append(f"{tier}: {key}{found}")


def refuses(values, word):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(values, file)
        file.flush()
        done = subprocess.run([HELM, "template", "plumbline", CHART, "--namespace", "plumbline", "-f",
                               file.name], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode == 0 or word not in done.stderr:
        complaints.append(f"{values} is not refused with {word}: {done.stderr[-300:]}")


def main():
    if HELM is None:
        print("skipped: there is no helm")
        sys.exit(SKIPPED)
    with cluster() as api:
        api.create("/api/v1/namespaces", {"metadata": {"name": "plumbline"}})
        for tier in ("observer", "prober", "deep"):
            compare(api, tier)
        compare(api, "prober", workloads=True)
    refuses({"agent": {"tier": "root"}}, "agent.tier")
    refuses({"tls": {"mode": "cert-manager"}}, "tls.nodes is empty")
    if "privileged: true" in by_chart({"agent": {"tier": "deep"}}):
        complaints.append("the deep tier is privileged by default")
    if "privileged: true" not in by_chart({"agent": {"privileged": True}}):
        complaints.append("agent.privileged has no effect")
    certificates = by_chart({"tls": {"mode": "cert-manager", "nodes": ["node-1", "node-2"]}})
    if certificates.count("kind: Certificate\n") != 2 or "node-2" not in certificates:
        complaints.append("cert-manager's two certificates are not made")
    conclude()


main()
