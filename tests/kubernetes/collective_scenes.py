"""Collectives between placed pods: mpirun's daemons are brought into the pods by their agents, and what the pods measure
is judged as pairs of theirs are."""

import subprocess
import sys

from cluster import ROOT, complaints, expect
from stage_scenes import Stage, left_behind

GANG = "{resources: {example.com/nic: 2}, controls: [], isolation: false, patience: 30s}"
COLLECTIVES = "{operations: [all_reduce], groups: [all, rack], size: 4MiB, budget: 6s}"
SLOW = {"node": "node-2", "rail": "rail-a"}


def rack_does(rack, *words):
    subprocess.run([sys.executable, "-B", ROOT / "deploy/rack", "--dir", rack, *words], check=True,
                   stdout=subprocess.DEVNULL)


def stage_of(api, rack, name, pairs, *options):
    stage = Stage(rack, api.kubeconfig, name, GANG, options, collectives=COLLECTIVES, width=0.05, pairs=pairs)
    code, report = stage.end(300)
    expect(not left_behind(api), left_behind(api))
    return stage, code, report


def between_pods(report):
    return [one for one in report["outcomes"] if one["parameters"].get("scope") == "placed"]


def judged(report):
    return {one["key"]: one["verdict"] for one in report["judgements"]}


def counted(outcome):
    proofs = [one for one in outcome.get("proof", []) if one["kind"] == "counter"]
    return proofs and all(one["holds"] for one in proofs)


def a_gang_is_healthy(api, rack):
    """Every collective between pods gets what its path gives, by counters, and so do those between the nodes."""
    before = len(complaints)
    stage, code, report = stage_of(api, rack, "reduces", True, "--mpi-agent", rack / "mpi-agent")
    expect(code == 0 and report["verdict"] == "pass", f"{code} {report['because']}")
    placed = between_pods(report)
    groups = {(one["parameters"]["group"], one["from"]["rail"]) for one in placed}
    expect(groups == {(group, rail) for group in ("all", "rack-1", "rack-2") for rail in ("rail-a", "rail-b")}, groups)
    for one in placed:
        expect(one["status"] == "measured" and counted(one), one)
        print(f"between pods: {one['parameters']['group']} {one['from']['rail']}: {one.get('value', 0) / 1e6:.2f} MB/s")
    expect(any("scope" not in one["parameters"] for one in report["outcomes"]
               if one["probe"] == "all_reduce"), "no collective between nodes")
    if len(complaints) > before:
        print(stage.output())


def a_gang_searches(api, rack):
    """One NIC is slow, and nobody but the pods can measure collectives: they find it by more of them, and name it; what
    the nodes' own collectives would have said is told as not measured."""
    before = len(complaints)
    rack_does(rack, "fault", "slow-nic", *(word for name, value in SLOW.items() for word in ("--" + name, value)))
    try:
        stage, code, report = stage_of(api, rack, "searches", False)
    finally:
        rack_does(rack, "heal")
    expect(code == 1 and report["verdict"] == "fail", f"{code} {report['because']}")
    found = [one for one in report["findings"] if one["rule"] == "collective" and one["verdict"] == "degraded"]
    expect([(one["subject"]["kind"], one["subject"]["name"], one["subject"]["rail"], one.get("ambiguity", []))
            for one in found] == [("nic", "node-2/ens1", "rail-a", [])], found)
    expect(found and "between placed pods" in found[0]["message"], found)
    nodes = [one for one in report["outcomes"] if one["probe"] == "all_reduce" and "scope" not in one["parameters"]]
    expect(nodes and all(one["status"] == "skipped" and "--mpi-agent" in one["reason"] for one in nodes), nodes)
    print(found and found[0]["message"])
    if len(complaints) > before:
        print(stage.output())


SCENES = (a_gang_is_healthy, a_gang_searches)
