#!/usr/bin/env python3
"""`plumbline collect` from a real API server: `plumbline check` says of the bundle what it says of the live cluster,
and of the redacted bundle the same without a single name of it."""

import collections
import json
import pathlib

from cluster import cluster, complaints, conclude, plumbline

NAMES = ("secret-node", "secret-team", "secret-pod", "secret-rack", "secret-group")


def fill(api):
    api.create("/api/v1/namespaces", {"metadata": {"name": "secret-team"}})
    api.create("/api/v1/namespaces/secret-team/serviceaccounts", {"metadata": {"name": "default"}})
    for number in range(3):
        api.create("/api/v1/nodes", {"metadata": {
            "name": f"secret-node-{number}",
            "labels": {"example.com/rack": f"secret-rack-{number // 2}"}}})
    api.define("scheduling.x-k8s.io", "v1alpha1", "PodGroup", "podgroups")
    api.create("/apis/scheduling.x-k8s.io/v1alpha1/namespaces/secret-team/podgroups", {
        "apiVersion": "scheduling.x-k8s.io/v1alpha1", "kind": "PodGroup",
        "metadata": {"name": "secret-group"}, "spec": {"minMember": 3}})
    for number in range(3):
        api.create("/api/v1/namespaces/secret-team/pods", {
            "metadata": {"name": f"secret-pod-{number}",
                         "labels": {"scheduling.x-k8s.io/pod-group": "secret-group"}},
            "spec": {"nodeName": f"secret-node-{number}", "automountServiceAccountToken": False,
                     "containers": [{"name": "c", "image": "i",
                                     "env": [{"name": "TOKEN", "value": "hunter2"}]}]}})


def findings(*words):
    code, out, err = plumbline("check", *words, "-o", "json")
    if not out:
        complaints.append(f"check {words}: {code} {err}")
        return []
    return json.loads(out)["findings"]


def kinds(found):
    return collections.Counter((f["rule"], f["verdict"]) for f in found)


def all_text(folder):
    return "".join(p.read_text() + str(p) for p in pathlib.Path(folder).rglob("*.json"))


def main():
    with cluster() as api:
        fill(api)
        live = findings("--kubeconfig", api.kubeconfig)
        if ("X10", "unclaimed") not in kinds(live) or ("X13", "match") not in kinds(live):
            complaints.append(f"the live gang is judged: {kinds(live)}")
        for name, more in (("plain", ()), ("redacted", ("--redact",))):
            folder = api.run / f"{name}-bundle"
            code, out, err = plumbline("collect", folder, "--kubeconfig", api.kubeconfig, *more)
            if code != 0:
                complaints.append(f"collect {name}: {code} {out} {err}")
                continue
            recorded = findings(folder)
            if kinds(recorded) != kinds(live):
                complaints.append(f"{name}: {kinds(recorded)} instead of {kinds(live)}")
            if name == "plain" and [f["message"] for f in recorded] != [f["message"] for f in live]:
                complaints.append("the plain bundle says other words than the live cluster")
            text = all_text(folder)
            told = [word for word in (*NAMES, "hunter2") if word in text]
            if name == "redacted" and told:
                complaints.append(f"the redacted bundle tells {told}")
            if "hunter2" in text:
                complaints.append("an environment variable is in the bundle")
        code, _, err = plumbline("collect", api.run / "plain-bundle", "--kubeconfig", api.kubeconfig)
        if code != 64 or "not an empty folder" not in err:
            complaints.append(f"a bundle is never written over: {code} {err}")
    conclude()


main()
