#!/usr/bin/env python3
"""For each fault of the rack, on a live cluster (the real API server, scheduler and controllers, played kubelets): a
stage that reads a bundle which `plumbline collect` made of that very cluster, and a stage that reads the cluster itself.
Do they say the same? By hand; it takes two to four minutes a fault.

faults_live.py [--workloads] [--recorded] [FAULT...]      default: every fault, and none ("healthy")

--workloads: also a live stage that brings a gang of its own through the scheduler, its controls included
--recorded: also a stage that reads the bundle that the rack itself wrote"""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import live_stage_test
from cluster import PROGRAM
from rack_cluster import apply, rack_cluster, run_there, wait_for

QUIET = ("match",)
ACCUSE = ("violation", "drift", "degraded")
SHORT = ("measure: {width: 0.05, pair_budget: 1s, batch: 150ms, message_sizes: [64KiB], "
         "both_ways: false, latency: false, node_probes: false}")
WORKLOADS = "workloads: {resources: {example.com/nic: 2}, pending_for: 5s, patience: 30s}"
OWN = ("control", "placed")  # what only a stage with workloads can say
OPTIONS = ("--workloads", "--recorded")


def stage_file(rack, name, claims, *lines, agents=True):
    """The rack's stage file, quick, with these claims and more lines; without its own list of agents where the
    cluster is asked for them."""
    own = ["measure:", "collectives:", "claims:"] + ([] if agents else ["agents:", "  - {node:"])
    kept = [line for line in (rack / "stage.yaml").read_text().splitlines()
            if not line.startswith(tuple(own))]
    path = rack / f"{name}.yaml"
    path.write_text("\n".join([*kept, SHORT, f"claims: {claims}", *lines]) + "\n")
    return path


def said(finding):
    subject = finding["subject"]
    others = tuple(sorted(json.dumps(one, sort_keys=True) for one in finding.get("ambiguity", [])))
    return (finding["rule"], finding["verdict"], subject["kind"], subject["name"], subject.get("node", ""),
            subject.get("rail", ""), others)


class Run:
    """One stage, ended: what it says but for what is in order and for how its claims were read."""

    def __init__(self, name, file):
        self.name, begun = name, time.monotonic()
        with tempfile.TemporaryDirectory(prefix="plumbline-live-") as folder:
            done = subprocess.run([PROGRAM, "stage", "-f", file, "--results", folder + "/results"],
                                  text=True, capture_output=True, timeout=500, check=False)
            report = pathlib.Path(folder, "results/report.json")
            if not report.exists():
                sys.exit(f"no report: {done.returncode}\n{done.stderr}")
            self.told = json.loads(report.read_text())
        self.code, self.took = done.returncode, time.monotonic() - begun
        self.found = collections.Counter(
            said(one) for one in self.told["findings"] if one["verdict"] not in QUIET
            and one["subject"]["kind"] not in ("bundle", "server") and one["rule"] not in OWN)

        self.messages = {said(one): one["message"] for one in self.told["findings"]}

    def accused(self):
        return sorted({f"{one[0]} {one[1]} {one[3]}" for one in self.found if one[1] in ACCUSE})

    def line(self):
        doubted = sorted({f"{one[0]} {one[1]} {one[3]}" for one in self.found})
        words = "; ".join(self.accused() or doubted) or self.told["verdict"]
        return f"  {self.name}: exit {self.code}, {self.took:.0f} s, {sum(self.found.values())} findings: {words}"

    def unlike(self, other):
        """What one says and the other does not."""
        lines = [f"    {mine.name} only: {' '.join(map(str, one[:6]))}: {mine.messages[one]}"
                 for mine, theirs in ((other, self), (self, other))
                 for one in mine.found - theirs.found]
        if self.code != other.code:
            lines.append(f"    {self.name} ends with {self.code}, {other.name} with {other.code}: "
                         f"{self.told['because'][:3]}")
        return lines

    def misbehaved(self):
        controls = self.told.get("workloads", {}).get("controls", [])
        return [f"    the {one['name']} control: {one['state']}: {one['seen']}"
                for one in controls if one["state"] == "misbehaved"]


def collected(api, folder):
    done = subprocess.run([PROGRAM, "collect", folder, "--kubeconfig", api.kubeconfig],
                          text=True, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"collect: {done.returncode}\n{done.stdout}{done.stderr}")
    return folder


def runs(rack, api, wanted):
    """The stages in turn; the first is the one that the others are held against."""
    bundle = collected(api, pathlib.Path(tempfile.mkdtemp(dir=rack), "collected"))
    yield Run("collected bundle", stage_file(rack, "collected", f"{{bundle: {bundle}}}"))
    there = (f"{{kubeconfig: {api.kubeconfig}}}",
             "agent_pods: {namespace: plumbline, nodes: kubernetes.io/hostname}")
    yield Run("live", stage_file(rack, "live", *there, agents=False))
    if "--workloads" in wanted:
        apply(api, {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
                    "metadata": {"name": "plumbline-measures"}, "value": -1000})
        account = "/api/v1/namespaces/plumbline/serviceaccounts/default"
        wait_for("the account has a token", lambda: api.ask("GET", account).get("secrets"))
        yield Run("live with workloads", stage_file(rack, "placed", *there, WORKLOADS, agents=False))


def inside(rack, fault, wanted):
    rack = pathlib.Path(rack)
    recorded = Run("rack's bundle", stage_file(rack, "recorded", "{bundle: bundle}")) \
        if "--recorded" in wanted else None  # before the nodes tell of the pods by the server's uids
    with rack_cluster(rack, for_agents=True) as api:
        live_stage_test.fill(api, rack / "bundle", registered=True)
        done, wrong = [recorded] * (recorded is not None), []
        for run in runs(rack, api, wanted):
            done.append(run)
            wrong += run.misbehaved()
    print(f"{fault}:", *(run.line() for run in done), sep="\n")
    base = next(run for run in done if run is not recorded)
    wrong += [line for run in done for line in run.unlike(base)]
    print("\n".join(["  the same" if not wrong else "  DIFFERENT", *wrong]))
    sys.exit(1 if wrong else 0)


def main():
    words = sys.argv[1:]
    wanted = [word for word in OPTIONS if word in words]
    kinds = [word for word in words if not word.startswith("--")]
    if not kinds:
        from virtual_rack import faults
        kinds = ["healthy", *faults.FAULTS]
    bad = sum(run_there(__file__, kind, *wanted, agents=True,
                        fault=None if kind == "healthy" else kind) != 0 for kind in kinds)
    sys.exit(min(bad, 1))


if sys.argv[2:3] == ["--inside"]:
    inside(sys.argv[1], sys.argv[3], sys.argv[4:])
else:
    main()
