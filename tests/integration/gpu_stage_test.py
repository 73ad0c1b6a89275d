#!/usr/bin/env python3
"""Stages over a rack whose nodes play described GPUs: machines that are well, every fault, and GPUs that somebody holds
or comes to. Each node's culprit is named, nobody else is accused, and every form of the report says that it was
made from fakes."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

import described_gpus
import stage_support
from described_gpus import FAULTS, accusations, description, wrongly_told
from stage_support import Run, stage_command

HELD, TENANT = "held", "tenant"
# What each node plays in each stage: a machine, and a fault or an event.
SCENES = [
    [("8xh100-nvswitch", None), ("4xgb200-tray", None), ("8xa100-pcie", None), ("2xt4-vm", None),
     ("h100-mig", None), ("4xgb200-tray", HELD)],
    [("8xh100-nvswitch", "slow pair"), ("8xh100-nvswitch", "corrupting pair"), ("4xgb200-tray", "uncounted pair"),
     ("8xh100-nvswitch", "down NVLink"), ("h100-mig", "PCIe x8"), ("2xt4-vm", "slow PCIe slot")],
    [("8xh100-nvswitch", "lost GPU"), ("4xgb200-tray", "unhealthy fabric"), ("4xgb200-tray", "hanging copy"),
     ("8xh100-nvswitch", TENANT), ("8xa100-pcie", "slow pair"), ("8xa100-pcie", "corrupting pair")],
]
NODES = [f"node-{number}" for number in range(1, 7)]


def replaced(file, text):
    """Agents read a description anew for each child: they must never see half of one."""
    fresh = file.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    os.replace(fresh, file)


def play(file, machine, part):
    fault = FAULTS.get(part)
    lines = [fault.line] if fault else ["{kind: busy, gpu: 1, value: 1}"] if part == HELD else []
    # Its own name gives each node GPUs of its own.
    text = description(machine, *lines).replace("name: ", f"name: {file.stem} ", 1)
    replaced(file, text)


def quick_stage(directory):
    """The rack's stage file with the GPUs alone: on this rail no node has an address."""
    text = (directory / "stage.yaml").read_text()
    text = re.sub(r"  rails:\n(    - .*\n)+", "  rails:\n    - {name: none, subnet: 10.99.0.0/24}\n", text)
    text = re.sub(r"measure: .*\n", "measure: {both_ways: false, latency: false}\n", text)
    text = re.sub(r"collectives: .*\n", "", text)
    file = directory / "gpus-only.yaml"
    file.write_text(text)
    return file


def tenant_of(directory, node, report):
    """A kubelet's word that a pod holds GPU 0 of a node."""
    file = directory / "nodes" / node / "podresources.json"
    answer = json.loads(file.read_text())
    answer["pod_resources"].append(
        {"name": "trainer-0", "namespace": "team", "containers": [
            {"name": "main", "devices": [{"resource_name": "nvidia.com/gpu", "device_ids": [report]}]}]})
    replaced(file, json.dumps(answer))


def run_stage(directory, stage, results, *options):
    command = [str(word) for word in stage_command(directory, results, *options)]
    command[command.index(str(directory / "stage.yaml"))] = str(stage)
    ended = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=400)
    return Run(ended.returncode, ended.stdout + ended.stderr, results)


def copies_of(report, node):
    return [one for one in report["outcomes"] if one["probe"] == "gpu_copy" and one["from"]["node"] == node]


def check_held(run, node):
    copies = copies_of(run.report, node)
    skipped = {one["reason"] for one in copies if one["status"] == "skipped"}
    run.check(any("process 1 holds" in reason for reason in skipped), f"{node}: {skipped}")
    run.check(any("pod team/trainer-0 holds" in reason for reason in skipped), f"{node}: {skipped}")
    run.check(any(one["status"] == "measured" for one in copies), f"{node}: the free GPUs were not measured")
    run.check(not accusations(run.report["findings"], node), accusations(run.report["findings"], node)[:1])


def check_tenant(run, node):
    failed = [one for one in copies_of(run.report, node) if one["status"] == "failed"]
    run.check(len(failed) == 1 and "came to GPU-" in failed[0]["reason"], f"{node}: {failed[:2]}")


def check_node(run, node, machine, part):
    if part == HELD:
        return check_held(run, node)
    if part == TENANT:
        return check_tenant(run, node)
    accused = accusations(run.report["findings"], node)
    if part is None:
        run.check(not accused, f"{node} ({machine}): {accused[:1]}")
        missing = [one for one in copies_of(run.report, node) if one["status"] != "measured"]
        return run.check(copies_of(run.report, node) and not missing, f"{node} ({machine}): {missing[:1]}")
    wrong = wrongly_told(FAULTS[part], accused)
    return run.check(wrong is None, f"{node} ({machine}, {part}): {wrong}")


def check_forms(run, results):
    """Every form says before all else that it was made from fakes."""
    run.check(run.report["from_fakes"], "report.json does not say that it was made from fakes")
    first = run.output.splitlines()[0]
    run.check("not evidence" in first, f"the table begins with {first}")
    junit = (results / "fabric-junit.xml").read_text()
    run.check("fake" in junit.split("<testcase", maxsplit=1)[0], "the JUnit suite does not say it")
    page = (results / "report.html").read_text()
    run.check('"from_fakes":true' in page.replace(" ", ""), "the page does not hold it")


def main():
    with tempfile.TemporaryDirectory(prefix="plumbline-gpu-stage-") as folder:
        files = {node: pathlib.Path(folder, f"{node}.yaml") for node in NODES}
        for node, (machine, part) in zip(NODES, SCENES[0]):
            play(files[node], machine, part)
        words = [word for node, file in files.items() for word in ("--gpus", f"{node}={file}")]
        with stage_support.rack(None, *words) as (directory, _):
            stage = quick_stage(directory)
            for number, scene in enumerate(SCENES):
                results = pathlib.Path(folder, f"results-{number}")
                run_scene(directory, stage, files, scene, results)
            check_pair(directory, stage, files)
    return 0


def check_pair(directory, stage, files):
    """Two agents, a GPU of each: both ways, proven by the counters of both."""
    for node in NODES[:2]:
        play(files[node], "4xgb200-tray", None)
    uuids = [first_uuid(directory, files[node]) for node in NODES[:2]]
    for share in ("ipc", "fabric"):
        ended = subprocess.run([stage_support.ROOT / "deploy" / "rack", "--dir", directory, "exec", "control", "--",
                                f"{stage_support.BUILD}/bin/plumbline", "pair", *NODES[:2], "-f", stage, "--gpus", *uuids,
                                "--share", share, "-o", "json"],
                               capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=120)
        outcomes = json.loads(ended.stdout)["outcomes"]
        if len(outcomes) != 2 or ended.returncode != 0:
            sys.exit(f"pair by {share}: exit code {ended.returncode}: {outcomes[:1]} {ended.stderr[-2000:]}")
        for outcome, ends in zip(outcomes, (uuids, uuids[::-1])):
            counters = [one for one in outcome["proof"] if one["kind"] == "counter"]
            told = [outcome["from"]["device"], outcome["to"]["device"]]
            if told != ends or outcome["parameters"]["share"] != share:
                sys.exit(f"pair by {share}: {told} {outcome['parameters']}")
            if len(counters) != 2 or not all(one["holds"] for one in counters):
                sys.exit(f"pair by {share}: {counters}")


def run_scene(directory, stage, files, scene, results):
    for node, (machine, part) in zip(NODES, scene):
        play(files[node], machine, part)
        kubelet = directory / "nodes" / node / "podresources.json"
        plain = kubelet.read_text()
        if part == HELD:
            tenant_of(directory, node, first_uuid(directory, files[node]))
        elif '"trainer-0"' in plain and '"team"' in plain:
            answer = json.loads(plain)
            answer["pod_resources"] = [pod for pod in answer["pod_resources"] if pod["namespace"] != "team"]
            replaced(kubelet, json.dumps(answer))
        if part == TENANT:
            threading.Thread(target=come, args=(files[node], machine, results), daemon=True).start()
    run = run_stage(directory, stage, results)
    faults = [part for _, part in scene if part in FAULTS]
    run.check(run.code == (1 if faults else 2), f"exit code {run.code}")
    for node, (machine, part) in zip(NODES, scene):
        check_node(run, node, machine, part)
    check_forms(run, results)
    run.end()


def first_uuid(directory, file):
    shown = subprocess.run([f"{stage_support.BUILD}/bin/plumbline", "inventory", "--drivers", f"fake:{file}", "-o", "json"],
                           capture_output=True, text=True, check=False)
    return json.loads(shown.stdout)["topology"]["gpus"]["gpus"][0]["uuid"]


def come(file, machine, results):
    """Puts a living process on GPU 2 as soon as the stage has a GPU number of that node."""
    node = file.stem
    journal = results / "journal.jsonl"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        text = journal.read_text() if journal.exists() else ""
        if '"loopback_latency"' in text and text.count('"loopback_latency"') >= len(NODES):
            time.sleep(2)  # by now its GPUs are measured
            text = description(machine, "{kind: busy, gpu: 2, value: 1}").replace("name: ", f"name: {node} ", 1)
            return replaced(file, text)
        time.sleep(0.05)
    return None


if __name__ == "__main__":
    sys.exit(main())
