#!/usr/bin/env python3
"""The overlays prober and stage-job as a newcomer applies them, on the racks' cluster: a DaemonSet of agents on every node,
one stage as a Job that finds them by their pods and reads the claims with its own account, and the lie that it must tell.

overlays_test.py [FAULT]      one of the rack's faults, or "healthy"; default lying-label
"""

import base64
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from cluster import ROOT, SKIPPED, complaints, conclude, expect
from rack_cluster import layout, log_of, pods, rack_cluster, run_there, wait_for

SPACE = "plumbline"
JOB = f"/apis/batch/v1/namespaces/{SPACE}/jobs/plumbline-stage"
DAEMONS = f"/apis/apps/v1/namespaces/{SPACE}/daemonsets/plumbline-agent"
def sh(*words, cwd=None, given=None):
    return subprocess.run(words, cwd=cwd, check=True, capture_output=True, text=True, input=given).stdout


def secrets():
    """The two Secrets that docs/kubernetes.md asks for: one certificate for all agents, one for the coordinator."""
    names = ",".join(f"DNS:{node.name}" for node in layout.NODES)
    with tempfile.TemporaryDirectory() as folder:
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        sh("openssl", "req", "-x509", *curve, "-days", "2", "-subj", "/CN=test", "-keyout", "ca.key",
           "-out", "ca.crt", cwd=folder)
        for role, san in (("agent", names), ("coordinator", "DNS:coordinator")):
            sh("openssl", "req", *curve, "-keyout", "tls.key", "-out", "request", "-subj",
               f"/O=plumbline/OU={role}/CN={role}", cwd=folder)
            sh("openssl", "x509", "-req", "-in", "request", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
               "-days", "2", "-extfile", "/dev/stdin", "-out", "tls.crt", cwd=folder,
               given=f"subjectAltName={san}\n")
            yield {"apiVersion": "v1", "kind": "Secret",
                   "metadata": {"name": f"plumbline-{role}-tls", "namespace": SPACE}, "data": {
                       name: base64.b64encode(pathlib.Path(folder, name).read_bytes()).decode()
                       for name in ("ca.crt", "tls.crt", "tls.key")}}


def stage_yaml(rack):
    """The overlay's stage file with the fabric of the rack, and as short as can be."""
    given = (ROOT / "deploy/kubernetes/overlays/stage-job/stage.yaml").read_text().splitlines()
    kept = [line for line in given[:next(i for i, line in enumerate(given) if line.startswith("fabric:"))]]
    lines = (rack / "stage.yaml").read_text().splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("fabric:"))
    fabric = [lines[first]] + [line for line in lines[first + 1:] if line.startswith(" ")]
    return "\n".join([*kept, *fabric, "measure: {width: 0.05, pair_budget: 1s, batch: 150ms, message_sizes: [64KiB], "
                      "both_ways: false, latency: false, node_probes: false}", "deadline: 5m"]) + "\n"


def overlay(rack, folder):
    """prober and stage-job together, with that stage file."""
    below = ROOT / "deploy/kubernetes/overlays"
    pathlib.Path(folder, "stage.yaml").write_text(stage_yaml(rack))
    for name in ("prober", "stage-job"):
        shutil.copytree(below / name, pathlib.Path(folder, name))
    shutil.copytree(below / "observer", pathlib.Path(folder, "observer"))
    shutil.copy(pathlib.Path(folder, "stage.yaml"), pathlib.Path(folder, "stage-job/stage.yaml"))
    made = ""
    for name in ("prober", "stage-job"):
        file = pathlib.Path(folder, name if name != "prober" else "observer", "kustomization.yaml")
        file.write_text(file.read_text().replace("../../base", os.path.relpath(
            ROOT / "deploy/kubernetes/base", file.parent)))
        made += "\n---\n" + sh("kubectl", "kustomize", str(pathlib.Path(folder, name)))
    return made


def apply(api, rack):
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        made = overlay(rack, folder).split("\n---\n")
    first = [one for one in made if "kind: Namespace\n" in one]
    agents = [one for one in made if one not in first and "kind: Job\n" not in one]
    job = [one for one in made if "kind: Job\n" in one]
    call = ["kubectl", "--kubeconfig", str(api.kubeconfig), "apply", "--validate=false", "-f", "-"]
    sh(*call, given="\n---\n".join(first))
    sh(*call, given=json.dumps({"apiVersion": "v1", "kind": "List", "items": [*secrets()]}))
    sh(*call, given="\n---\n".join(agents))
    wait_for("an agent is ready on every node",
             lambda: api.ask("GET", DAEMONS)["status"].get("numberReady") == len(layout.NODES))
    sh(*call, given="\n---\n".join(job))


def ended(api):
    status = api.ask("GET", JOB)["status"]
    return status.get("succeeded") or status.get("failed")


def report_of(api, pod):
    """The report in the pod's volume, where the node keeps it."""
    found = [*api.run.glob(f"kubelets/*/pods/{pod['metadata']['uid']}/volumes/results/report.json")]
    return json.loads(found[0].read_text()) if found else None


def judge(api, fault):
    (name, pod), = pods(api, SPACE, "job-name=plumbline-stage").items()
    said = log_of(api, SPACE, name)
    report = report_of(api, pod)
    if report is None:
        complaints.append(said[-3000:])
        return
    code = pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"]
    accused = sorted({f"{one['rule']} {one['verdict']} {one['subject']['name']}" for one in report["findings"]
                      if one["verdict"] in ("violation", "drift", "degraded")})
    print(f"{fault}: exit code {code}, {report['verdict']}: {'; '.join(accused)}")
    expect(report["coverage"]["nodes"] == 1.0 or fault in ("dead-link", "dead-agent"), report["coverage"])
    if fault == "healthy":
        expect(code == 0, report["because"])
    if fault == "lying-label":
        expect(code == 1 and any(one["rule"] == "X11" and one["subject"].get("node") == "node-4"
                                 for one in report["findings"] if one["verdict"] == "violation"), accused)
    if complaints:
        print(said[-6000:])


def inside(rack, fault):
    rack = pathlib.Path(rack)
    with rack_cluster(rack, for_agents=True, word=False) as api:
        try:
            apply(api, rack)
            wait_for("the stage has ended", lambda: ended(api), 300)
            judge(api, fault)
        finally:
            if sys.exc_info()[0]:
                for name, one in pods(api, SPACE).items():
                    print(name, json.dumps(one["status"])[:1200])
                    with contextlib.suppress(OSError):
                        print(log_of(api, SPACE, name)[-2000:])
    conclude()


if sys.argv[2:3] == ["--inside"]:
    inside(sys.argv[1], sys.argv[3])
elif not shutil.which("kubectl"):
    print("skipped: there is no kubectl")
    sys.exit(SKIPPED)
else:
    chosen = sys.argv[1] if len(sys.argv) > 1 else "lying-label"
    sys.exit(run_there(__file__, chosen, fault=None if chosen == "healthy" else chosen))
