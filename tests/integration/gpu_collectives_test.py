#!/usr/bin/env python3
"""Collectives over the GPUs of six agents, by ranks of a test: described GPUs in two NVLink domains, real agents, real
inputs that travel over the agents' channel, no GPU.

Splits by rack, NVLink domain, node, rail and pairs: several communicators work at once, and each has the right members
(a wrong one would give wrong sums). Ranks that come late are named through the agents, one or two of them. A stage
measures its groups over the same ranks.
"""

import json
import pathlib
import subprocess
import tempfile

import stage_support
from described_gpus import description

NODES = [f"node-{number}" for number in range(1, 7)]
OTHER = "77777777-98f5-4b4e-8c3f-5d90b1a0c1e7"
EACH = 2  # ranks on every node
SPLITS = {
    "rack": [0] * 4 + [1] * 4 + [2] * 4,
    "nvlink_domain": [0] * 8 + [1] * 4,
    "node": [number // EACH for number in range(12)],
    "rail": [0, 1] * 6,
    "pairs": [number // 2 for number in range(12)],
    "MOD:3": [number % 3 for number in range(12)],
}


def described(folder, node):
    """Trays of one domain; those of the last two nodes are in another."""
    text = description("4xgb200-tray").replace("name: ", f"name: {node} ", 1)
    if node in NODES[4:]:
        text = text.replace("5a2c61d4-98f5-4b4e-8c3f-5d90b1a0c1e7", OTHER)
    path = folder / f"{node}.yaml"
    path.write_text(text)
    return path


def rank_program(folder):
    """The test's rank; what stands in the file beside it is the fault that it commits."""
    script = folder / "rank"
    script.write_text("#!/bin/sh\n"
                      f"PLUMBLINE_TEST_FAULT=$(cat {folder}/fault 2>/dev/null)\n"
                      f"export PLUMBLINE_TEST_FAULT\nexec {stage_support.BUILD}/bin/meeting-rank\n")
    script.chmod(0o755)
    return script


def collective(directory, *words):
    command = [stage_support.ROOT / "deploy" / "rack", "--dir", directory, "exec", "control", "--",
               f"{stage_support.BUILD}/bin/plumbline", "collective", *words, "--agents", directory / "stage.yaml",
               "-g", str(EACH), "-b", "4800", "-e", "4800", "-o", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False)
    try:
        return done.returncode, json.loads(done.stdout)
    except json.JSONDecodeError:
        return done.returncode, {"outcomes": [], "options": {}, "said": (done.stdout + done.stderr)[-2000:]}


def check_splits(directory, complaints):
    for split, colours in SPLITS.items():
        for operation in ("all_reduce", "alltoall"):
            code, told = collective(directory, operation, "--split", split, "-n", "4", "-w", "1")
            wanted = ",".join(map(str, colours))
            right = told["outcomes"] and all(one["status"] == "measured" for one in told["outcomes"])
            if code != 0 or not right or told["options"].get("colours") != wanted:
                complaints.append(f"{operation} --split {split}: {code} {told['options']} {str(told)[:1500]}")


def check_late(folder, directory, complaints):
    for fault, late in (("slow:5:1:200ms", [5]), ("slow:5:1:200ms slow:9:1:200ms", [5, 9]), ("", None)):
        (folder / "fault").write_text(fault)
        code, told = collective(directory, "all_reduce", "-n", "12", "-w", "1")
        found = [one.get("iterations", {}).get("late_ranks") for one in told["outcomes"]]
        found = [sorted(one) if one else one for one in found]
        if code != 0 or not found or any(one != late for one in found):
            complaints.append(f"late {fault}: {code} {found} {str(told)[:800]}")


def check_stage(directory, complaints):
    path = directory / "stage.yaml"
    lines = ["measure: {pairs: false, latency: false, node_probes: false}" if line.startswith("measure:") else
             "collectives: {operations: [all_reduce, broadcast], groups: [all, rack, node, nvlink_domain], gpus: true, "
             "gpu_size: 4800, budget: 300ms}" if line.startswith("collectives:") else line
             for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines) + "\n")
    with tempfile.TemporaryDirectory(prefix="plumbline-gpu-groups-") as results:
        command = stage_support.stage_command(directory, results)[:-2]  # without the way for mpirun
        ended = subprocess.run(command, capture_output=True, text=True,
                               timeout=stage_support.STAGE_S, stdin=subprocess.DEVNULL, check=False)
        report = json.loads(pathlib.Path(results, "report.json").read_text())
    over_gpus = [one for one in report["outcomes"] if one["parameters"].get("type") == "float"
                 and one["probe"] in ("all_reduce", "broadcast")]
    groups = {one["parameters"]["group"]: one["parameters"]["ranks"] for one in over_gpus}
    sizes = sorted(map(int, groups.values()))
    if sizes != [4] * 6 + [8] * 4 + [16, 24] or not all(one["status"] == "measured" for one in over_gpus):
        complaints.append(f"stage: {ended.returncode} {groups} {[one for one in over_gpus if one['status'] != 'measured'][:2]}")


def main():
    complaints = []
    with tempfile.TemporaryDirectory(prefix="plumbline-gpu-collectives-") as name:
        folder = pathlib.Path(name)
        words = [word for node in NODES for word in ("--gpus", f"{node}={described(folder, node)}")]
        with stage_support.rack(None, "--rank", str(rank_program(folder)), *words) as (directory, _):
            check_splits(directory, complaints)
            check_late(folder, directory, complaints)
            check_stage(directory, complaints)
    if complaints:
        raise SystemExit("\n".join(complaints))


if __name__ == "__main__":
    main()
