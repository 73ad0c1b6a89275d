#!/usr/bin/env python3
"""Every described machine, healthy and with every fault that it can have, through `plumbline probe` and `plumbline
inventory`: the right verdict and culprit, no other, and no word of it is evidence."""

import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import described_gpus
from described_gpus import ALL, FAULTS

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = os.environ.get("PLUMBLINE_BUILD", str(ROOT / "build" / "ci"))
AT_ONCE = 8  # they wait more than they work


def plumbline(*words, timeout=150):
    return subprocess.run([f"{BUILD}/bin/plumbline", *words], capture_output=True, text=True,
                          timeout=timeout, stdin=subprocess.DEVNULL, check=False)


def probe(file, *words):
    return plumbline("probe", "gpu_copy", "--drivers", f"fake:{file}", "--budget", "0.5",
                     "--log-level", "error", *words)


def described(folder, name, *faults):
    file = pathlib.Path(folder, name.replace(" ", "-") + ".yaml")
    file.write_text(described_gpus.description(name.split(" ", maxsplit=1)[0], *faults), encoding="utf-8")
    return file


def healthy(folder, machine):
    file = described(folder, machine)
    ran = probe(file, "-o", "json")
    answer = json.loads(ran.stdout)
    wrong = [one for one in answer["outcomes"] if one["status"] != "measured"]
    if ran.returncode or wrong or answer.get("findings"):
        return f"exit code {ran.returncode}, {wrong[:1]} {answer.get('findings')} {ran.stderr[-500:]}"
    if answer.get("from_fakes") is not True or not ran.stdout.startswith(
            '{"schema":"plumbline.outcomes/v1","from_fakes":true'):
        return "the JSON does not begin with saying that it is from fakes"
    shown = plumbline("inventory", "--drivers", f"fake:{file}")
    if shown.returncode or not shown.stdout.startswith("NOT A REAL MACHINE"):
        return "the inventory does not say first that it is described"
    told = probe(file, "--measure", "local")
    return None if "no evidence" in told.stdout.splitlines()[0] else "the table does not begin with saying that it is described"


def faulty(folder, machine, name):
    fault = FAULTS[name]
    file = described(folder, f"{machine} {name}", fault.line)
    ran = probe(file, "-o", "json")
    accused = described_gpus.accusations(json.loads(ran.stdout).get("findings", []))
    wrong = described_gpus.wrongly_told(fault, accused)
    if wrong or ran.returncode != 1:
        return f"exit code {ran.returncode}, {wrong} {ran.stderr[-500:]}"
    if fault.rule == "gpu_path":
        return None
    # What the facts alone show is found before any byte moves.
    shown = plumbline("inventory", "--drivers", f"fake:{file}", "-o", "json")
    found = described_gpus.accusations(json.loads(shown.stdout).get("findings", []))
    wrong = described_gpus.wrongly_told(fault, found)
    return f"inventory: exit code {shown.returncode}, {wrong}" if wrong or shown.returncode != 1 else None


def held(folder):
    """A GPU that a process is on is left alone, by name; the others are measured."""
    ran = probe(described(folder, "4xgb200-tray held", "{kind: busy, gpu: 1, value: 1}"), "-o", "json")
    answer = json.loads(ran.stdout)
    skipped = [one for one in answer["outcomes"] if one["status"] == "skipped"]
    right = all("is held by process 1" in one["reason"] and
                (one["from"]["device"] + one["to"]["device"]).count("0001") for one in skipped)
    measured = [one for one in answer["outcomes"] if one["status"] == "measured"]
    return None if skipped and right and measured and ran.returncode == 2 else f"{ran.returncode} {skipped[:1]}"


def tenant_comes(folder):
    """A process that comes to a GPU while it is measured ends the measurement within a second."""
    file = described(folder, "8xh100-nvswitch tenant")
    child = subprocess.Popen([f"{BUILD}/bin/plumbline", "probe", "gpu_copy", "--drivers", f"fake:{file}", "-o", "json"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)
    for line in child.stderr:  # the log says when it begins
        if "probe gpu_copy" in line:
            break
    time.sleep(1.5)  # the thing under test is a moment within its run
    fresh = file.with_suffix(".new")
    fresh.write_text(described_gpus.description("8xh100-nvswitch", "{kind: busy, gpu: 2, value: 1}"), encoding="utf-8")
    os.replace(fresh, file)
    answer = json.loads(child.communicate(timeout=60)[0])
    failed = [one for one in answer["outcomes"] if one["status"] == "failed"]
    if len(failed) != 1 or "came to GPU-" not in failed[0]["reason"] or failed[0]["error_code"] != "cancelled":
        return f"{len(failed)} failed, {failed[:1]}"
    behind = answer["outcomes"][answer["outcomes"].index(failed[0]) + 1:]
    if not behind or not all("not tried" in one["reason"] for one in behind):
        return "measuring went on"
    return None if child.returncode != 0 else "exit code 0"


def uuids_of(file):
    shown = json.loads(plumbline("inventory", "--drivers", f"fake:{file}", "-o", "json").stdout)
    return [gpu["uuid"] for gpu in shown["topology"]["gpus"]["gpus"]]


def pair(folder):
    """Two processes, each with a GPU: the counters of both saw the bytes; a bad byte and bytes that none saw are told."""
    for name, line, verdict in (("well", None, None), ("uncounted", "{kind: uncounted_pair, from: 0, to: 1}", "violation"),
                                ("corrupting", "{kind: corrupting_pair, from: 0, to: 1, byte: 7}", "violation")):
        file = described(folder, f"8xh100-nvswitch pair {name}", *([line] if line else []))
        first, second = uuids_of(file)[:2]
        ran = plumbline("probe", "gpu_pair", "--gpu", first, second, "--drivers", f"fake:{file}", "--budget", "0.5",
                        "--log-level", "error", "-o", "json")
        answer = json.loads(ran.stdout)
        found = [(one["rule"], one["verdict"], one["subject"]["name"]) for one in answer.get("findings", [])]
        if len(answer["outcomes"]) != 1 or ran.returncode != (1 if verdict else 0):
            return f"{name}: exit code {ran.returncode}, {answer['outcomes'][:1]} {ran.stderr[-500:]}"
        if verdict and not (found and found[0][:2] == ("gpu_path", verdict) and first in found[0][2] and second in found[0][2]):
            return f"{name}: {found}"
        counters = [one for one in answer["outcomes"][0].get("proof", []) if one["kind"] == "counter"]
        if name == "well" and (len(counters) != 2 or not all(one["holds"] for one in counters)):
            return f"{name}: {counters}"
    return None


def main():
    if not pathlib.Path(BUILD, "bin", "plumbline").exists():
        print("skipped: plumbline was not built")
        return 77
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        tasks = {"hanging copy": pool.submit(faulty, folder, "4xgb200-tray", "hanging copy"),
                 "held": pool.submit(held, folder), "tenant": pool.submit(tenant_comes, folder),
                 "pair": pool.submit(pair, folder)}
        for machine in ALL:
            tasks[machine] = pool.submit(healthy, folder, machine)
            for name, fault in FAULTS.items():
                if machine in fault.machines and name != "hanging copy":
                    tasks[f"{machine}, {name}"] = pool.submit(faulty, folder, machine, name)
        complaints = [f"{name}: {task.result()}" for name, task in tasks.items() if task.result()]
    print(f"{len(tasks)} scenes")
    if complaints:
        sys.exit("\n".join(complaints))
    return 0


if __name__ == "__main__":
    sys.exit(main())
