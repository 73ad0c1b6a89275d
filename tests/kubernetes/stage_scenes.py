"""What the scenes of stages with workloads share: a stage started and ended through the command line, what it must
leave, and where complaints are kept."""

import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile

from cluster import PROGRAM, expect
from rack_cluster import apply, pods, wait_for

SPACE = "plumbline"
RUN = "plumbline.dev/run"
started = []


def stage_file(rack, kubeconfig, name, workloads, settings):
    """The rack's stage file over the live cluster, with workloads of its own, and as short as can be: `settings` has
    budget (of a pair), width, deadline, pairs or none, collectives, and the nodes that it does `without`. A tenant holds a
    device of node-6 by DRA, whose word is not in this cluster: that node stays out."""
    asked = {"budget": "1s", "width": 0.05, "deadline": "10m", "collectives": None, "without": (), **settings}
    pairs = f"pairs: {str(asked.get('pairs', True)).lower()}"
    lines = (rack / "stage.yaml").read_text().splitlines()
    left_out = tuple(f"  - {{node: {node}" for node in ("node-6", *asked["without"]))
    kept = [line for line in lines if not line.startswith(
        ("claims:", "collectives:", "measure:", "deadline:", *left_out))]
    kept += [f"claims: {{kubeconfig: {kubeconfig}}}",
             f"measure: {{width: {asked['width']}, pair_budget: {asked['budget']}, batch: 150ms, "
             "message_sizes: [64KiB], both_ways: false, latency: false, node_probes: false, " + pairs + "}",
             *([f"collectives: {asked['collectives']}"] if asked["collectives"] else []),
             f"deadline: {asked['deadline']}", f"workloads: {workloads}"]
    path = rack / f"{name}.yaml"
    path.write_text("\n".join(kept) + "\n")
    return path


def make_room(api):
    """The namespace and the priorities that stages and what comes between need."""
    apply(api, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
    for name, value in (("plumbline-measures", -1000), ("urgent", 1000)):
        apply(api, {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
                    "metadata": {"name": name}, "value": value})
    account = f"/api/v1/namespaces/{SPACE}/serviceaccounts/default"
    wait_for("the account has a token", lambda: api.ask("GET", account).get("secrets"))


ASKED = "{resources: {example.com/nic: 2}, pending_for: 5s, patience: 30s}"


class Stage:
    """One run of the program, started and not yet ended."""

    def __init__(self, rack, kubeconfig, name, workloads=ASKED, options=(), **settings):
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"plumbline-{name}-"))
        self.results, self.done = folder / "results", folder / "done"
        self.results.mkdir()
        file = stage_file(rack, kubeconfig, name, workloads, settings)
        self.log = open(self.results / "log", "wb")
        self.name = name
        self.process = subprocess.Popen([PROGRAM, "stage", "-f", file, "--results", self.results,
                                         "--done", self.done, *options], stdout=self.log, stderr=self.log)
        started.append(self.process)

    def outcomes(self):
        """What is in the journal so far."""
        journal = self.results / "journal.jsonl"
        text = journal.read_text() if journal.exists() else ""
        lines = text[:text.rfind("\n") + 1].splitlines()[1:]  # the last may be half written
        return [json.loads(line)["outcome"] for line in lines]

    def measures(self):
        """True once the first number is in the journal."""
        return any(one["status"] == "measured" for one in self.outcomes())

    def wait_to_measure(self):
        wait_for("it measures", lambda: self.measures() or self.process.poll() is not None)
        expect(self.process.poll() is None, f"{self.name} ended by itself: {self.output()}")

    def end(self, seconds=180):
        code = self.process.wait(seconds)
        path = self.results / "report.json"
        if not path.exists():
            sys.exit(f"{self.name}: no report, exit code {code}\n" + self.output())
        report = json.loads(path.read_text())
        self.check_done()
        print(f"{self.name}: {report['verdict']} ({code}): {report['because'][:2]}", flush=True)
        return code, report

    def check_done(self):
        """The word that it is over comes last, and names what holds the report."""
        if not self.done.exists():
            return expect(False, f"{self.name}: no done file")
        packed = pathlib.Path(self.done.read_text())
        with tarfile.open(packed) as archive:
            expect("report.json" in archive.getnames(), archive.getnames())
        newest = max(one.stat().st_mtime_ns for one in (packed, self.results / "report.json",
                                                        self.results / "report.html"))
        return expect(self.done.stat().st_mtime_ns >= newest, f"{self.name}: done was not last")

    def output(self):
        text = (self.results / "log").read_text(errors="replace")
        warned = [line for line in text.splitlines() if "warn" in line]
        return "\n".join([*warned, text[-6000:]])


def left_behind(api):
    """Everything in the namespace that belongs to a run."""
    found = []
    for path in ("/api/v1/namespaces/plumbline/pods", "/apis/batch/v1/namespaces/plumbline/jobs",
                 "/apis/coordination.k8s.io/v1/namespaces/plumbline/leases",
                 "/api/v1/namespaces/plumbline/secrets"):
        found += [f"{path}/{item['metadata']['name']}" for item in api.ask("GET", path)["items"]
                  if RUN in item["metadata"].get("labels", {})]
    return found


def end_pod(api, name):
    """Gone, its devices free again."""
    api.ask("DELETE", f"/api/v1/namespaces/{SPACE}/pods/{name}")
    wait_for(f"{name} is gone", lambda: name not in pods(api, SPACE))


def controls(report):
    return {one["name"]: one for one in report["workloads"]["controls"]}
