#!/usr/bin/env python3
"""Every overlay of deploy/kubernetes is rendered by kubectl and accepted by a real API server in a server-side dry
run; what the check's ServiceAccount may do is what its ClusterRole says and no more."""

import shutil
import subprocess
import sys
import urllib.error

from cluster import ROOT, SKIPPED, cluster, complaints, conclude

OVERLAYS = ("observer", "prober", "deep", "check-job", "stage-job", "stage-workloads", "node-reports",
            "node-marks")
UNKNOWN = ("ValidatingAdmissionPolicy",)  # to Kubernetes 1.20
def kubectl(api, *words, given=None):
    return subprocess.run(["kubectl", "--kubeconfig", api.kubeconfig, *words], input=given,
                          capture_output=True, text=True, timeout=120, check=False)


def accepts(api, overlay):
    folder = ROOT / "deploy/kubernetes/overlays" / overlay
    made = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True,
                          timeout=60, check=False)
    if made.returncode != 0:
        complaints.append(f"{overlay}: {made.stderr}")
        return
    if made.stderr:
        complaints.append(f"{overlay}: kustomize warns: {made.stderr}")
    known = [text for text in made.stdout.split("\n---\n")
             if not any(f"kind: {kind}" in text for kind in UNKNOWN)]
    done = kubectl(api, "apply", "--dry-run=server", "--validate=false", "-f", "-",
                   given="\n---\n".join(known))
    if done.returncode != 0 or "dry run" not in done.stdout:
        complaints.append(f"{overlay}: {done.stdout}{done.stderr}")
    reads_secrets = "- secrets" in made.stdout and overlay != "stage-workloads"
    for word in ("privileged: true", "nodes/proxy", *(["- secrets"] if reads_secrets else [])):
        if word in made.stdout:
            complaints.append(f"{overlay} has {word}")


def may(api, verb, resource):
    account = "system:serviceaccount:plumbline:plumbline-check"
    name, _, below = resource.partition("/")
    done = kubectl(api, "auth", "can-i", verb, name, f"--subresource={below}", f"--as={account}",
                   "--all-namespaces")
    return done.stdout.strip() == "yes"


def stage_has_least_rights(api):
    """It makes workloads in its own namespace, elsewhere nothing, and reads no Secret."""
    text = (ROOT / "deploy/kubernetes/overlays/stage-workloads/rights.yaml").read_text()
    done = kubectl(api, "apply", "--validate=false", "-n", "plumbline", "-f", "-", given=text)
    if done.returncode != 0:
        complaints.append(f"rights of stage-workloads: {done.stderr}")
    account = "--as=system:serviceaccount:plumbline:plumbline-stage"
    for verb, resource, own, others in (
            ("create", "jobs", True, False), ("delete", "pods", True, False),
            ("create", "secrets", True, False), ("get", "secrets", False, False),
            ("list", "secrets", False, False), ("create", "pods", False, False),
            ("patch", "leases", True, False), ("watch", "pods", True, True)):
        for space, expected in (("plumbline", own), ("default", others)):
            told = kubectl(api, "auth", "can-i", verb, resource, "-n", space, account).stdout.strip()
            if (told == "yes") != expected:
                complaints.append(f"in {space} a stage may {'not ' if expected else ''}{verb} {resource}")


def has_least_rights(api):
    base = subprocess.run(["kubectl", "kustomize", ROOT / "deploy/kubernetes/base"],
                          capture_output=True, text=True, timeout=60, check=True).stdout
    done = kubectl(api, "apply", "--validate=false", "-f", "-", given=base)
    if done.returncode != 0:
        complaints.append(f"base: {done.stderr}")
    for verb, resource, expected in (("list", "pods", True), ("list", "nodes", True),
                                     ("delete", "pods", False), ("get", "secrets", False),
                                     ("create", "pods", False), ("get", "nodes/proxy", False)):
        if may(api, verb, resource) != expected:
            complaints.append(f"the check may {'not ' if expected else ''}{verb} {resource}")


def main():
    if shutil.which("kubectl") is None:
        print("skipped: there is no kubectl")
        sys.exit(SKIPPED)
    told = subprocess.run(["kubectl", "version", "--client"], capture_output=True, text=True,
                          timeout=60, check=False).stdout
    if "Kustomize Version" not in told:
        print("skipped: this kubectl's kustomize is older than 4")
        sys.exit(SKIPPED)
    with cluster() as api:
        try:
            api.create("/api/v1/namespaces", {"metadata": {"name": "plumbline"}})
        except urllib.error.HTTPError as error:
            complaints.append(str(error))
        for overlay in OVERLAYS:
            accepts(api, overlay)
        has_least_rights(api)
        stage_has_least_rights(api)
    conclude()


main()
