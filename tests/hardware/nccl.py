#!/usr/bin/env python3
"""NCCL's collectives on the GPUs of this machine, every operation verified, with the proof of each number.

    nccl.py --bin DIR [--nccl-tests DIR]

One rank; two and four ranks on GPU 0, each as a host of its own over sockets; and, where there are several GPUs, a rank on each.
--nccl-tests runs that project's programs (built from its public source on this machine, no part of this project) on the
same ranks and sizes and prints both bus bandwidths. Leaves with 77 and a reason where there is no GPU or no NCCL, with
1 when a number is missing or wrong, or its proof is.
"""
import argparse
import json
import re
import subprocess
import sys

SKIPPED = 77
OPERATIONS = ("all_reduce", "all_gather", "reduce_scatter", "broadcast", "reduce", "alltoall", "gather", "scatter",
              "sendrecv", "hypercube")
complaints = []


def run(command, seconds=500):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=seconds,
                          stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout, done.stderr


def collective(options, operation, *words):
    command = [f"{options.bin}/plumbline", "collective", operation, *words, "-o", "json"]
    code, told, said = run(command)
    try:
        return json.loads(told)["outcomes"]
    except (json.JSONDecodeError, KeyError):
        complaints.append(f"{' '.join(map(str, command))}: {code} {told[-300:]} {said[-300:]}")
        return []


def reason_to_skip(options):
    """NCCL, driver and GPU as plumbline-rank finds them."""
    skipped = [one for one in collective(options, "all_reduce", "-b", "4K", "-e", "4K", "-n", "1") if one["status"] == "skipped"]
    return skipped[0]["reason"] if skipped else None


def verify(options, name, *ranks):
    """Every operation, with types and reductions that NCCL and its version have, out of place and in place."""
    for operation in OPERATIONS:
        outcomes = collective(options, operation, *ranks, "-b", "4K", "-e", "4M", "-f", "32", "-d", "all", "-o", "all", "-n", "4",
                              "-w", "1")
        right = [one for one in outcomes if one["status"] == "measured"]
        wrong = [one for one in outcomes if one["status"] == "failed"]
        print(f"  {name} {operation}: {len(right)} right, {len(wrong)} not, {len(outcomes) - len(right) - len(wrong)} skipped")
        if wrong or not right:
            complaints.append(f"{name} {operation}: {(wrong or outcomes)[:1]}")


def prove(options, name, *ranks):
    """The parts of the proof of one large number."""
    outcomes = collective(options, "all_reduce", *ranks, "-b", "64M", "-e", "64M")
    for one in outcomes[:1]:
        if one["status"] != "measured":
            complaints.append(f"{name}: {one.get('reason')}")
            continue
        print(f"  {name} all_reduce 64 MiB: {one['value'] / 1e9:.2f} GB/s, 95 % {[bound / 1e9 for bound in one['interval']]}")
        for proof in one["proof"]:
            print(f"    {proof['kind']}, {'holds' if proof['holds'] else 'does not hold'}: {proof['statement'][:300]}")
        if not any(proof["kind"] == "library" and proof["holds"] for proof in one["proof"]):
            complaints.append(f"{name}: NCCL's log tells no transport")


def beside(options, operation, gpus):
    """nccl-tests' own figures, out of place, by size."""
    code, told, said = run([f"{options.nccl_tests}/{operation}_perf", "-b", "1M", "-e", "256M", "-f", "16", "-g", gpus, "-n", "20"])
    rows = re.findall(r"^\s*(\d+)\s+\d+\s+\w+\s+\w+\s+-?\d+\s+[\d.]+\s+[\d.]+\s+([\d.]+)", told, re.M)
    if code != 0 or not rows:
        complaints.append(f"nccl-tests {operation}: {code} {told[-300:]} {said[-300:]}")
    theirs = {int(size): float(bus) for size, bus in rows}
    ours = {int(one["parameters"]["size"]): one["value"] / 1e9
            for one in collective(options, operation, "-b", "1M", "-e", "256M", "-f", "16", "-g", gpus)
            if one["status"] == "measured" and one["parameters"]["place"] == "out"}
    for size, bus in theirs.items():
        print(f"  {operation} over {gpus} GPUs, {size} B: nccl-tests {bus:.2f} GB/s, plumbline {ours.get(size, 0):.2f} GB/s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--nccl-tests")
    options = parser.parse_args()
    reason = reason_to_skip(options)
    if reason:
        print("skipped:", reason)
        sys.exit(SKIPPED)
    code, listed, _ = run(["nvidia-smi", "-L"])
    gpus = len(listed.splitlines()) if code == 0 else 1
    scenes = [("one rank", "-g", "1"), ("two ranks on a GPU", "-g", "2", "--share-gpu"),
              ("four ranks on a GPU", "-g", "4", "--share-gpu")]
    if gpus > 1:
        scenes.append((f"{gpus} GPUs", "-g", str(gpus)))
    for scene in scenes:
        verify(options, *scene)
        prove(options, *scene)
    if options.nccl_tests:
        for operation in ("all_reduce", "all_gather", "reduce_scatter", "alltoall"):
            beside(options, operation, gpus)
    sys.exit("\n".join(complaints) if complaints else 0)


if __name__ == "__main__":
    main()
