#!/usr/bin/env python3
"""nvbandwidth and plumbline on the same GPUs and the same sizes, one after the other, as one table.

    beside_nvbandwidth.py --bin DIR (--nvbandwidth PROGRAM | --told FILE) [--size MIB] [--drivers fake:FILE]

PROGRAM is nvbandwidth, built from its public source on the machine that has the GPU (it is no part of this
project); --told reads what `nvbandwidth -j` printed before. Leaves with 77 and a reason where there is no GPU, with 1
when a number of plumbline is missing or further from nvbandwidth's than a tenth.
"""
import argparse
import json
import os
import subprocess
import sys

SKIPPED = 77
FAR = 0.10
# nvbandwidth's case -> our row of gpu_copy, and which outcomes of it are the case's cells
CASES = {
    "host_to_device_memcpy_ce": ("host_to_device", "dma", None),
    "device_to_host_memcpy_ce": ("device_to_host", "dma", None),
    "host_to_device_memcpy_sm": ("host_to_device", "sm", None),
    "device_to_host_memcpy_sm": ("device_to_host", "sm", None),
    "device_to_device_memcpy_write_ce": ("write", "dma", "write"),
    "device_to_device_memcpy_read_ce": ("read", "dma", "read"),
    "device_to_device_memcpy_write_sm": ("write", "sm", "write"),
    "device_to_device_memcpy_read_sm": ("read", "sm", "read"),
}


def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIPPED)


def numbers_of(case):
    """GB/s of every cell that was measured; the diagonal of a matrix between GPUs is N/A."""
    cells = []
    for row in case.get("bandwidth_matrix", []):
        for cell in row:
            try:
                value = float(cell)
            except (TypeError, ValueError):
                continue
            if value > 0:
                cells.append(value)
    return cells


def theirs(options):
    """By case: its cells, in GB/s."""
    if options.told:
        with open(options.told, encoding="utf-8") as file:
            told = json.load(file)
    else:
        command = [options.nvbandwidth, "-j", "-b", str(options.size), "-t", *CASES]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False, timeout=900)
        told = json.loads(done.stdout)
    cases = told.get("nvbandwidth", {}).get("testcases", [])
    return {case["name"]: numbers_of(case) for case in cases
            if case.get("name") in CASES and case.get("status") == "Passed"}


def ours(options, rows):
    command = [os.path.join(options.bin, "plumbline"), "probe", "gpu_copy", "--measure", *sorted(rows), "sm",
               "--size", f"{options.size}MiB", "-o", "json", "--log-level", "error"]
    if options.drivers:
        command += ["--drivers", options.drivers]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, timeout=900)
    outcomes = json.loads(done.stdout)["outcomes"]
    reasons = [one["reason"] for one in outcomes if one["status"] == "skipped"]
    if len(reasons) == len(outcomes):
        skip(reasons[0] if reasons else "plumbline measured nothing")
    return outcomes


def is_of(outcome, row, engine, direction):
    parameters = outcome["parameters"]
    if parameters.get("engine") != engine or parameters.get("direction") != direction:
        return False
    down = outcome["from"].get("device", "").startswith("numa")
    up = outcome["to"].get("device", "").startswith("numa")
    return {"host_to_device": down, "device_to_host": up}.get(row, not down and not up)


def best_of_numa(outcomes):
    """nvbandwidth takes host memory beside the GPU: of several NUMA nodes ours from the best one."""
    best = {}
    for one in outcomes:
        gpus = tuple(end.get("device", "") for end in (one["from"], one["to"])
                     if not end.get("device", "").startswith("numa"))
        if gpus not in best or one["value"] > best[gpus]:
            best[gpus] = one["value"]
    return [value / 1e9 for value in best.values()]


def compare(case, cells, outcomes):
    row, engine, direction = CASES[case]
    mine = [one for one in outcomes if is_of(one, row, engine, direction)]
    missing = [one for one in mine if one["status"] != "measured"]
    values = best_of_numa([one for one in mine if one["status"] == "measured"])
    if not cells:
        return None
    if not values or missing:
        print(f"{case:36} {sum(cells) / len(cells):10.2f} {'-':>10}  {len(missing)} not measured")
        return False
    one, other = sum(cells) / len(cells), sum(values) / len(values)
    print(f"{case:36} {one:10.2f} {other:10.2f} {other / one:8.3f}  {len(cells)} and {len(values)} paths")
    return abs(other / one - 1) <= FAR


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, help="where plumbline is")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--nvbandwidth", help="the program")
    source.add_argument("--told", help="a file with what it printed with -j")
    parser.add_argument("--size", type=int, default=512, help="MiB of one copy (default: nvbandwidth's own 512)")
    parser.add_argument("--drivers", help="fake:FILE, to try this script without a GPU")
    options = parser.parse_args()
    cases = theirs(options)
    if not cases:
        skip("nvbandwidth passed none of the cases")
    outcomes = ours(options, {CASES[case][0] for case in cases})
    print(f"{'GB/s, mean of all paths':36} {'nvbandwidth':>10} {'plumbline':>10} {'ratio':>8}")
    far = [case for case, cells in cases.items() if compare(case, cells, outcomes) is False]
    if far:
        sys.exit("further apart than a tenth, or missing: " + ", ".join(far))


if __name__ == "__main__":
    main()
