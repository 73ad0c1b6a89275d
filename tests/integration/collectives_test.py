#!/usr/bin/env python3
"""A stage whose pair stage is switched off, over a rack with faults: what collectives and group testing name, or (arms)
that a node's numbers by shared memory and by sockets differ.

    collectives_test.py slow|arms|SCENE...      SCENE: `KIND[:option=value...]` of deploy/rack fault, or "healthy"
    collectives_test.py operations [WORD...]    other operations than all_reduce (WORD: names of some) on a healthy rack,
                                                with a small size, then two of them with a slow NIC and a slow uplink

Prints each test that was done and the figures of every collective.
"""

import re
import shutil
import subprocess
import sys
import tempfile

import stage_support
from stage_support import accused

SLOW = ("slow-nic:node=node-3:rail=rail-a", "slow-uplink:rack=rack-2:rail=rail-b")
OTHERS = ("all_gather", "reduce_scatter", "broadcast", "reduce", "alltoall", "gather", "scatter", "sendrecv")
FEW = ("all_gather", "alltoall")
CULPRITS = {("nic", "node-3/ens1"), ("uplink", "rack-2/rail-b")}


def edit(directory, measure, collectives, nodes=None):
    """The rack's stage file with these keys, and with the first few agents only."""
    path = directory / "stage.yaml"
    lines = []
    seen = 0
    for line in path.read_text().splitlines():
        if line.startswith("measure:"):
            line = f"measure: {{{measure}}}"
        if line.startswith("collectives:"):
            line = f"collectives: {{{collectives}}}"
        if line.startswith("  - {node:"):
            seen += 1
            if nodes and seen > nodes:
                continue
        lines.append(line)
    path.write_text("\n".join(lines) + "\n")


def stage(directory, *options):
    results = tempfile.mkdtemp(prefix="plumbline-collectives-")
    try:
        ended = subprocess.run(stage_support.stage_command(directory, results, *options), capture_output=True, text=True,
                               timeout=stage_support.STAGE_S, stdin=subprocess.DEVNULL, check=False)
        return stage_support.Run(ended.returncode, ended.stdout + ended.stderr, results)
    finally:
        shutil.rmtree(results, ignore_errors=True)


def inject(call, scenes):
    for scene in scenes:
        kind, *options = scene.split(":")
        words = [word for option in options for word in ("--" + option.split("=")[0], option.split("=")[1])]
        call("fault", kind, *words)


def figures(report):
    expected = {one["key"]: one for one in report.get("judgements", [])}
    for one in report["outcomes"]:
        group = one["parameters"].get("group", "")
        if not group:
            continue
        size = one["parameters"].get("size", "")
        key = next((key for key in expected if f"group={group}," in key and one["probe"] in key
                    and f"size={size}" in key and f"@{one['from'].get('rail', '')}|" in key), "")
        value = one.get("value", 0)
        told = f"{value * 1e6:.1f} us" if one.get("unit") == "s" else f"{value / 1e6:.2f} MB/s"
        what = told if one["status"] == "measured" else one.get("reason", "")[:200]
        print(f"  {one['probe']} {group} {one['from'].get('rail', '')} {one['parameters'].get('transport', '')} {size} B: {what} "
              f"{expected.get(key, {}).get('verdict', '')}")


def slow(scenes, culprits):
    with stage_support.rack() as (directory, call):
        inject(call, scenes)
        edit(directory, "width: 0.05, batch: 150ms, latency: false, node_probes: false, pairs: false",
             "operations: [all_reduce], groups: [all], size: 1MiB, budget: 2s")
        run = stage(directory)
    figures(run.report)
    tests = {key: value for key, value in run.report["facts"].items() if key.startswith("group_tests")}
    print("tests:", tests)
    named = {(one["kind"], one["name"]) for one in accused(run.report)}
    run.check(named == culprits, f"named {named}, not {culprits}")
    run.check(run.code == (1 if culprits else 2), f"exit code {run.code}")
    if culprits:
        run.check(sum(map(int, tests.values())) >= 2, f"tests: {tests}")
        told = [one["message"] for one in run.report["findings"] if one["verdict"] == "degraded"]
        run.check(all(re.search(r"found by \d+ group tests?", one) for one in told), told)
    pairs = [one for one in run.report["outcomes"] if one["probe"].startswith("pair")]
    run.check(not pairs, f"{len(pairs)} pairs were measured")
    run.end()


def operations(names):
    """Healthy: every operation is measured and none accused, small ones are latencies. With faults: the culprits."""
    quiet = "width: 0.05, batch: 150ms, latency: false, node_probes: false, pairs: false"
    with stage_support.rack() as (directory, call):
        edit(directory, quiet, f"operations: [{', '.join(names)}], groups: [all], size: 1MiB, small_size: 1KiB, "
             "budget: 1s")
        run = stage(directory)
        figures(run.report)
        run.check(not accused(run.report), f"accused {accused(run.report)}")
        for name in names:
            mine = [one for one in run.report["outcomes"] if one["probe"] == name]
            small = [one for one in mine if one["parameters"]["size"] == "1024"]
            run.check(len(mine) == 4 and len(small) == 2, f"{name}: {len(mine)} outcomes, {len(small)} small")
            run.check(all(one["status"] == "measured" for one in mine), [one for one in mine if one["status"] != "measured"])
            run.check(all(one["unit"] == "s" and one["p99"] >= one["value"] for one in small), small[:1])
        if run.complaints:
            run.end()
        inject(call, SLOW)
        edit(directory, quiet, f"operations: [{', '.join(FEW)}], groups: [all], size: 1MiB, budget: 2s")
        run = stage(directory)
    figures(run.report)
    named = {(one["kind"], one["name"]) for one in accused(run.report)}
    run.check(named == CULPRITS, f"named {named}, not {CULPRITS}")
    run.check(run.code == 1, f"exit code {run.code}")
    run.end()


def verdict_of(run):
    found = [one for one in run.report["findings"] if one["rule"] == "control_arms"]
    run.check(len(found) == 1, found)
    print(found[0]["verdict"], found[0]["message"])
    return found[0]["verdict"]


def arms():
    """Applied, the arms differ; with a launcher that gives every rank shared memory, they prove nothing."""
    quiet = "width: 0.05, batch: 150ms, latency: false, node_probes: false, pairs: false"
    with stage_support.rack() as (directory, _):
        edit(directory, quiet, "operations: [all_reduce], groups: [node, all], size: 1MiB, small_size: 1KiB, budget: 2s",
             nodes=2)
        run = stage(directory)
        figures(run.report)
        run.check(verdict_of(run) == "match", "the arms do not differ")
        own = [one for one in run.report["outcomes"] if one["parameters"].get("transport")]
        run.check(len(own) == 8 and all(proof["holds"] for one in own for proof in one["proof"]), own[:1])
        small = [one for one in run.report["outcomes"] if one["parameters"].get("size") == "1024"]
        run.check(len(small) == 6 and all(one["unit"] == "s" for one in small), small[:1])
        run.check(not accused(run.report), accused(run.report))
        if run.complaints:
            run.end()
        launcher = directory / "one-way-mpirun"
        launcher.write_text("#!/usr/bin/env bash\nexec mpirun \"${@/#tcp,self/vader,self}\"\n")
        launcher.chmod(0o755)
        edit(directory, quiet, "operations: [all_reduce], groups: [node], size: 1MiB, budget: 2s")
        run = stage(directory, "--mpirun", launcher)
    figures(run.report)
    run.check(verdict_of(run) == "vacuous", "arms that were not applied look as if they differed")
    run.check(run.code == 2, f"exit code {run.code}")
    run.end()


def main():
    if sys.argv[1] == "arms":
        arms()
    elif sys.argv[1] == "operations":
        operations(sys.argv[2:] or OTHERS)
    elif sys.argv[1] == "slow":
        slow(SLOW, CULPRITS)
    else:
        slow([scene for scene in sys.argv[1:] if scene != "healthy"], set())


if __name__ == "__main__":
    main()
