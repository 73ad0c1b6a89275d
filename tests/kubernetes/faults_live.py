#!/usr/bin/env python3
"""For each fault of the rack: a stage that reads the rack's bundle, and the same stage over a live cluster (the real API
server, scheduler and controllers, played kubelets). Do they say the same? By hand; it takes about a minute a fault.

faults_live.py [--workloads] [FAULT...]      default: every fault, and none ("healthy")
"""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import live_stage_test
from cluster import PROGRAM
from rack_cluster import rack_cluster, run_there

QUIET = ("match",)
SHORT = ("measure: {width: 0.05, pair_budget: 1s, batch: 150ms, message_sizes: [64KiB], "
         "both_ways: false, latency: false, node_probes: false}")


def stage_file(rack, name, *lines):
    """The rack's stage file, quick, with these lines in place of its agents and claims when there are any."""
    own = ["measure:", "collectives:"] + (["agents:", "  - {node:", "claims:"] if lines else [])
    kept = [line for line in (rack / "stage.yaml").read_text().splitlines()
            if not line.startswith(tuple(own))]
    path = rack / f"{name}.yaml"
    path.write_text("\n".join([*kept, SHORT, *lines]) + "\n")
    return path


def said(finding):
    subject = finding["subject"]
    others = tuple(sorted(json.dumps(one, sort_keys=True) for one in finding.get("ambiguity", [])))
    return (finding["rule"], finding["verdict"], subject["kind"], subject["name"], subject.get("node", ""),
            subject.get("rail", ""), others)


def stage(file):
    with tempfile.TemporaryDirectory(prefix="plumbline-live-") as folder:
        done = subprocess.run([PROGRAM, "stage", "-f", file, "--results", folder + "/results"],
                              text=True, capture_output=True, timeout=500, check=False)
        report = pathlib.Path(folder, "results/report.json")
        if not report.exists():
            sys.exit(f"no report: {done.returncode}\n{done.stderr}")
        told = json.loads(report.read_text())
    found = collections.Counter(said(one) for one in told["findings"] if one["verdict"] not in QUIET)
    return done.returncode, found, told


def difference(recorded, live):
    """What one says and the other does not; how claims were read is no finding about the rack."""
    return [f"  {name}: {' '.join(map(str, one[:6]))}"
            for name, more in (("bundle only", recorded - live), ("live only", live - recorded))
            for one in more if one[2] not in ("bundle", "server")]


def inside(rack, fault, more):
    rack = pathlib.Path(rack)
    begun = time.monotonic()
    code, recorded, _ = stage(stage_file(rack, "recorded"))
    with rack_cluster(rack, for_agents=True) as api:
        live_stage_test.fill(api, rack / "bundle", registered=True)
        file = stage_file(rack, "live", f"claims: {{kubeconfig: {api.kubeconfig}}}",
                          "agent_pods: {namespace: plumbline, nodes: kubernetes.io/hostname}", *more)
        live_code, live, told = stage(file)
    wrong = difference(recorded, live)
    accused = sorted({f"{one[0]} {one[1]} {one[3]}" for one in live
                      if one[1] in ("violation", "drift", "degraded")})
    same = "same" if not wrong and code == live_code else "DIFFERENT"
    print(f"{fault}: exit {code} and {live_code}, {same}, {time.monotonic() - begun:.0f} s: "
          f"{'; '.join(accused) or told['verdict']}")
    print("\n".join(wrong))
    sys.exit(0 if same == "same" else 1)


def main():
    words = sys.argv[1:]
    more = ["--workloads"] if "--workloads" in words else []
    kinds = [word for word in words if not word.startswith("--")]
    if not kinds:
        from virtual_rack import faults
        kinds = ["healthy", *faults.FAULTS]
    bad = sum(run_there(__file__, kind, *more, agents=True,
                         fault=None if kind == "healthy" else kind) != 0 for kind in kinds)
    sys.exit(bad)


if sys.argv[2:3] == ["--inside"]:
    inside(sys.argv[1], sys.argv[3],
           ["workloads: {resources: {example.com/nic: 2}}"] * ("--workloads" in sys.argv))
else:
    main()
