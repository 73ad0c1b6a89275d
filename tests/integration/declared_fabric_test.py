#!/usr/bin/env python3
"""What a stage file declares of the fabric counts in `plumbline check` of a bundle: as `collect --fabric` recorded it,
redacted or not, or as `check --fabric` gives it; what cannot be used is one error."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ["PLUMBLINE_BUILD"], "bin/plumbline")
CLAIMS = ROOT / "tests/fixtures/kubernetes/rack"
STAGE = """schema: plumbline.stage/v1
fabric:
  rack_label: fabric.topograph.run/tier-0
  rails:
    - {name: rail-a, subnet: 10.70.1.0/24, nic_rate: 200Mb/s, uplink_rate: 200Mb/s}
agents: what a stage alone needs
"""
complaints = []


def plumbline(*words):
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def topology(number):
    """A node with one NIC on the rail, whose rate nobody can read."""
    return {"schema": "plumbline.topology/v1", "node": f"node-{number}", "network_devices": [
        {"name": "ens1", "mac": f"02:70:00:00:0{number}:01", "mtu": 1500, "state": "up", "virtual": True,
         "driver": "veth", "addresses": [f"10.70.1.{10 + number}/24"]}]}


def outcome(number, rate):
    return {"probe": "pair_goodput", "from": {"node": "node-1", "device": "ens1", "rail": "rail-a"},
            "to": {"node": f"node-{number}", "device": "ens1", "rail": "rail-a"},
            "parameters": {"direction": "one_way", "size": "1048576"}, "status": "measured",
            "unit": "B/s", "value": rate, "interval": [rate * 0.99, rate * 1.01], "median": rate, "p5": rate,
            "conclusive": True, "batches": [rate] * 6, "took_s": 2.0, "proof": []}


def results(folder):
    report = json.loads((ROOT / "tests/fixtures/reports/v1.json").read_text())
    report["outcomes"] = [outcome(2, 24e6), outcome(3, 10e6)]
    folder.mkdir()
    (folder / "report.json").write_text(json.dumps(report))
    return folder


def bundle(folder, *more):
    code, out, err = plumbline("collect", folder, "--results", folder.parent / "results", *more)
    if code != 0:
        complaints.append(f"collect {more}: {code} {out} {err}")
    (folder / "nodes").mkdir(exist_ok=True)
    for number in (1, 2, 3):
        name = folder / "nodes" / f"node-{number}.topology.json"
        name.write_text(json.dumps(topology(number)))
    for file in CLAIMS.iterdir():
        shutil.copy(file, folder)
    return folder


def judged(*words):
    """How each measured pair was judged, and against what."""
    code, out, err = plumbline("check", *words, "-o", "json")
    if not out:
        complaints.append(f"check {words}: {code} {err}")
        return []
    return sorted(((one["key"], one["verdict"], one.get("expectation"))
                   for one in json.loads(out)["judgements"]), key=str)


def refuses(*words, says):
    code, out, err = plumbline(*words)
    if code in (0, 1, 2) or out or not all(word in err for word in says):
        complaints.append(f"{words} should fail and say {says}: {code} {out} {err}")


def main():
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        results(place / "results")
        stage = place / "stage.yaml"
        stage.write_text(STAGE)
        bare = bundle(place / "bare")
        recorded = bundle(place / "recorded", "--fabric", stage)
        given = judged(bare, "--fabric", stage)
        if [verdict for _, verdict, _ in given] != ["ok", "degraded"]:
            complaints.append(f"10 MB/s of a declared 25 MB/s are degraded: {given}")
        if any(verdict in ("ok", "degraded") for _, verdict, _ in judged(bare)):
            complaints.append("without a declaration nothing is expected")
        if judged(recorded) != given:
            complaints.append(f"a recorded declaration is not the given one: {judged(recorded)} {given}")
        declared = json.loads((recorded / "declared.json").read_text())
        if declared["schema"] != "plumbline.declared/v1" or declared["fabric"]["rails"][0]["nic_rate"] != "25000000B/s":
            complaints.append(f"declared.json: {declared}")
        redacted = place / "redacted"
        plumbline("collect", redacted, "--results", place / "results", "--fabric", stage, "--redact")
        if "10.70.1." in (redacted / "declared.json").read_text():
            complaints.append("a redacted declaration names its subnet")
        stage.write_text(STAGE.replace("10.70.1.0/24", "rail"))
        refuses("check", bare, "--fabric", stage, says=("stage.yaml", "line 5", "subnet", "10.70.1.0/24"))
        refuses("collect", place / "new", "--results", place / "results", "--fabric", stage,
                says=("stage.yaml", "subnet"))
        stage.write_text("schema: plumbline.stage/v1\n")
        refuses("check", bare, "--fabric", stage, says=("stage.yaml", "fabric is missing"))
        (recorded / "declared.json").write_text("{")
        refuses("check", recorded, says=("declared.json",))
    for complaint in complaints:
        print("WRONG:", complaint)
    sys.exit(1 if complaints else 0)


main()
