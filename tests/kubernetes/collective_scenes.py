"""Collectives between placed pods: mpirun's daemons are brought into the pods by their agents, and what the pods measure
is judged as pairs of theirs are."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time

import live_stage_test
from cluster import ROOT, complaints, expect
from rack_cluster import wait_for
from stage_scenes import Stage, left_behind
from virtual_rack import layout, namespaces

GANG = "{resources: {example.com/nic: 2}, controls: [], isolation: false, patience: 30s}"
COLLECTIVES = "{operations: [all_reduce], groups: [all, rack], size: 4MiB, budget: 6s}"
SLOW = {"node": "node-2", "rail": "rail-a"}


def rack_does(rack, *words):
    subprocess.run([sys.executable, "-B", ROOT / "deploy/rack", "--dir", rack, *words], check=True,
                   stdout=subprocess.DEVNULL)


@contextlib.contextmanager
def slices(api, rack):
    """The rack's ResourceSlices of the nodes of the stage, as custom resources: what KAR-5 is asked of."""
    path = "/apis/resource.k8s.io/v1/resourceslices"
    api.define("resource.k8s.io", "v1", "ResourceSlice", "resourceslices", False)
    for piece in live_stage_test.items(rack / "bundle", "resourceslices"):
        if piece["spec"].get("nodeName") != "node-6":
            live_stage_test.create(api, path, piece)
    try:
        yield
    finally:
        defined = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        api.ask("DELETE", f"{defined}/resourceslices.resource.k8s.io")
        wait_for("the slices are gone", lambda: not any(
            one["spec"]["names"]["plural"] == "resourceslices" for one in api.items(defined)))


def stage_of(api, rack, name, pairs, *options):
    stage = Stage(rack, api.kubeconfig, name, GANG, options, collectives=COLLECTIVES, width=0.05, pairs=pairs)
    code, report = stage.end(300)
    expect(not left_behind(api), left_behind(api))
    return stage, code, report


def between_pods(report):
    return [one for one in report["outcomes"] if one["parameters"].get("scope") == "placed"]


def topology(report):
    return next((one for one in report["requirements"] if one["id"] == "KAR-5"), {"verdict": "none"})


def counted(outcome):
    proofs = [one for one in outcome.get("proof", []) if one["kind"] == "counter"]
    return proofs and all(one["holds"] for one in proofs)


def a_gang_is_healthy(api, rack):
    """Every collective between pods gets what its path gives, by counters, and so do those between the nodes."""
    before = len(complaints)
    with slices(api, rack):
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
    expect(topology(report)["verdict"] == "pass", topology(report))
    if len(complaints) > before:
        print(stage.output())


def a_gang_searches(api, rack):
    """One NIC is slow, and nobody but the pods can measure collectives: they find it by more of them, and name it; what
    the nodes' own collectives would have said is told as not measured."""
    before = len(complaints)
    rack_does(rack, "fault", "slow-nic", *(word for name, value in SLOW.items() for word in ("--" + name, value)))
    try:
        with slices(api, rack):
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
    expect(topology(report)["verdict"] == "fail" and "between placed pods" in topology(report)["because"][0],
           topology(report))
    print(found and found[0]["message"])
    if len(complaints) > before:
        print(stage.output())


def rank_processes(rack):
    """Those of this rack's own networks: another rack may be beside it."""
    names = layout.Names.of(rack)
    networks = {os.stat(namespaces.path(names.namespace(node.name))).st_ino for node in layout.NODES}
    networks.add(os.stat("/proc/self/ns/net").st_ino)
    found = []
    for words in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if os.stat(words.parent / "ns/net").st_ino not in networks:
                continue
            program = words.read_bytes().split(b"\0")[0].rsplit(b"/", 1)[-1]
            if program in (b"plumbline-rank-mpi", b"plumbline-mpi-daemon", b"orted", b"mpirun"):
                found.append(f"{words.parent.name} {program.decode()}")
    return found


def a_gang_is_told_to_end(api, rack):
    """SIGTERM in the middle of a collective between pods: the report is written, and no rank, daemon or mpirun is left."""
    stage = Stage(rack, api.kubeconfig, "unreduced", GANG, collectives=COLLECTIVES.replace("6s", "60s"), width=0.001,
                  pairs=False)
    wait_for("ranks run in pods", lambda: any("plumbline-rank-mpi" in one for one in rank_processes(rack)))
    time.sleep(1)
    stage.process.send_signal(signal.SIGTERM)
    start = time.monotonic()
    code, report = stage.end()
    took = time.monotonic() - start
    print(f"ended {took:.1f} s after SIGTERM")
    expect(code == 2 and "SIGTERM" in report["interruption"] and took < 12, f"{code} {took} {report['interruption']}")
    expect(not any(one["status"] == "failed" for one in between_pods(report)), between_pods(report))
    expect(not left_behind(api), left_behind(api))
    expect(not rank_processes(rack), rank_processes(rack))


SCENES = (a_gang_is_healthy, a_gang_searches, a_gang_is_told_to_end)
