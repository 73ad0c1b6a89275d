#!/usr/bin/env python3
"""tests/hardware/beside_nvbandwidth.py without a GPU: a recorded form of nvbandwidth's answer against described GPUs."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import described_gpus

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = os.environ.get("PLUMBLINE_BUILD", str(ROOT / "build" / "ci"))


def told(host, peer):
    matrix = [["N/A" if one == other else str(peer) for other in range(4)] for one in range(4)]
    return {"nvbandwidth": {"testcases": [
        {"name": "host_to_device_memcpy_ce", "status": "Passed", "bandwidth_matrix": [[str(host)] * 4]},
        {"name": "device_to_device_memcpy_write_ce", "status": "Passed", "bandwidth_matrix": matrix},
        {"name": "device_to_device_memcpy_read_ce", "status": "Waived"},
        {"name": "device_local_copy", "status": "Passed", "bandwidth_matrix": [["1000"]]}]}}


def run(folder, machine, answer):
    file = pathlib.Path(folder, "gpus.yaml")
    file.write_text(described_gpus.description(machine), encoding="utf-8")
    printed = pathlib.Path(folder, "told.json")
    printed.write_text(json.dumps(answer), encoding="utf-8")
    return subprocess.run([sys.executable, ROOT / "tests" / "hardware" / "beside_nvbandwidth.py", "--bin", f"{BUILD}/bin",
                           "--told", printed, "--drivers", f"fake:{file}"], capture_output=True, text=True, check=False)


def main():
    if not pathlib.Path(BUILD, "bin", "plumbline").exists():
        print("skipped: plumbline was not built")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        near = run(folder, "4xgb200-tray", told(56, 797))
        assert near.returncode == 0, near.stdout + near.stderr
        assert near.stdout.count("_ce") == 2 and "12 and 12 paths" in near.stdout, near.stdout
        far = run(folder, "4xgb200-tray", told(56, 500))
        assert far.returncode == 1 and "device_to_device_memcpy_write_ce" in far.stderr, far.stdout + far.stderr
        none = run(folder, "4xgb200-tray", {"nvbandwidth": {"testcases": []}})
        assert none.returncode == 77 and "skipped: " in none.stdout, none.stdout
    return 0


if __name__ == "__main__":
    sys.exit(main())
