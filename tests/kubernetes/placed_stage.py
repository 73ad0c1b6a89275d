"""Short stages that bring workloads, for the scenes that share one cluster."""

import json
import pathlib
import subprocess
import tempfile

from cluster import PROGRAM

SPACE = "plumbline"
RUN = "plumbline.dev/run"
# Whatever a run can make; what the cluster does not serve is not there.
COLLECTIONS = ("/api/v1/namespaces/plumbline/pods", "/api/v1/namespaces/plumbline/secrets",
               "/apis/batch/v1/namespaces/plumbline/jobs",
               "/apis/coordination.k8s.io/v1/namespaces/plumbline/leases",
               "/apis/scheduling.x-k8s.io/v1alpha1/namespaces/plumbline/podgroups",
               "/apis/scheduling.volcano.sh/v1beta1/namespaces/plumbline/podgroups",
               "/apis/jobset.x-k8s.io/v1alpha2/namespaces/plumbline/jobsets",
               "/apis/kubeflow.org/v2beta1/namespaces/plumbline/mpijobs",
               "/apis/trainer.kubeflow.org/v1alpha1/namespaces/plumbline/trainjobs",
               "/apis/trainer.kubeflow.org/v1alpha1/namespaces/plumbline/trainingruntimes",
               "/apis/resource.k8s.io/v1/namespaces/plumbline/resourceclaimtemplates")


def stage_file(rack, kubeconfig, name, workloads, nodes, measure):
    """The rack's stage file over the live cluster, on these nodes and one rail alone, as short as can be."""
    kept = []
    for line in (rack / "stage.yaml").read_text().splitlines():
        agent = line.startswith("  - {node: ")
        if line.startswith(("claims:", "collectives:", "measure:")) or "name: rail-b" in line:
            continue
        if not agent or line.split("node: ")[1].split(",")[0] in nodes:
            kept.append(line)
    kept += [f"claims: {{kubeconfig: {kubeconfig}}}",
             "measure: {width: 0.3, pair_budget: 1s, batch: 150ms, message_sizes: [64KiB], "
             f"both_ways: false, latency: false, node_probes: false, pairs: {str(measure).lower()}}}",
             f"workloads: {workloads}"]
    path = rack / f"{name}.yaml"
    path.write_text("\n".join(kept) + "\n")
    return path


def run_stage(api, rack, name, workloads, nodes, meanwhile=None, measure=False):
    """One stage to its end, with what is to be seen while it runs: its exit code, report and log. It measures paths when
    it is to."""
    results = pathlib.Path(tempfile.mkdtemp(prefix=f"plumbline-{name}-"))
    file = stage_file(rack, api.kubeconfig, name, workloads, nodes, measure)
    with open(results / "log", "wb") as log:
        process = subprocess.Popen([PROGRAM, "stage", "-f", file, "--results", results], stdout=log,
                                   stderr=log)
        if meanwhile:
            meanwhile()
        code = process.wait(180)
    said = (results / "log").read_text(errors="replace")
    report = json.loads((results / "report.json").read_text())
    print(f"{name}: {report['verdict']} ({code}): {report['because'][:2]}", flush=True)
    return code, report, said


def requirement(report, name):
    return next((one for one in report["requirements"] if one["id"] == name), None)


def controls(report):
    return {one["name"]: one["state"] for one in report["workloads"]["controls"]}


def left_behind(api):
    """Everything in the namespace that belongs to a run."""
    found = []
    for path in COLLECTIONS:
        found += [f"{path}/{item['metadata']['name']}" for item in api.items(path)
                  if RUN in item["metadata"].get("labels", {})]
    return found
