#!/usr/bin/env python3
"""`plumbline probe` and GPUs, as programs: without a driver, and with described GPUs of which a copy hangs.

    gpu_test.py SCENE [PROBE]    SCENE: named nothing_there device_without_driver hanging

PROBE is another measuring program, such as one that was built without the CUDA toolkit; it must then say so.
"""
import json
import os
import subprocess
import sys
import tempfile

BUILD = os.environ["PLUMBLINE_BUILD"]
OTHER = sys.argv[2] if len(sys.argv) > 2 else None
NODE = """schema: plumbline.fake-gpus/v1
name: three, one pair of which hangs
driver: {version: 580.95.05, cuda: "13.0"}
machine: {numa_nodes: 1}
gpus: {count: 3, product: NVIDIA H100 80GB HBM3, compute_capability: "9.0", memory: 80GiB}
nvlink: {generation: 4, links: 18, to: switch}
copies: {host: 55GB/s, local: 1.3TB/s, peer: 396GB/s}
faults:
  - {kind: hanging_copy, from: 1, to: 2}
"""


def probe(*words):
    command = [os.path.join(BUILD, "bin", "plumbline"), "probe", *words, "--budget", "0.5", "-o", "json",
               "--log-level", "error"]
    if OTHER:
        command += ["--probe", os.path.join(BUILD, "bin", OTHER)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, timeout=120)
    return json.loads(done.stdout)["outcomes"], done.returncode


def of(outcomes, name):
    return [outcome for outcome in outcomes if outcome["probe"] == name]


def need_no_driver():
    if os.path.exists("/dev/nvidiactl") and not OTHER:
        print("skipped: this machine has a NVIDIA driver")
        sys.exit(77)


def is_left_out(outcome):
    reason = outcome.get("reason", "")
    assert outcome["status"] == "skipped", outcome
    if OTHER:
        assert reason == "this program was built without the CUDA toolkit", reason
    else:
        assert reason.startswith("no NVIDIA driver: ") or reason.endswith("without the CUDA toolkit"), reason


def device_in(folder):
    place = os.path.join(folder, "sys/bus/pci/devices/0000:1b:00.0")
    os.makedirs(place)
    for name, text in (("vendor", "0x10de"), ("class", "0x030200")):
        with open(os.path.join(place, name), "w", encoding="ascii") as file:
            file.write(text + "\n")


def named(_folder):
    """Asked for by name without a driver: skipped with that reason, and the rest is measured."""
    need_no_driver()
    outcomes, status = probe("gpu_copy", "gpu_latency", "gpu_together", "loopback_latency")
    for name in ("gpu_copy", "gpu_latency", "gpu_together"):
        assert len(of(outcomes, name)) == 1, outcomes
        is_left_out(of(outcomes, name)[0])
    assert of(outcomes, "loopback_latency")[0]["status"] == "measured", outcomes
    assert status == 2, status


def nothing_there(folder):
    """No NVIDIA device and nobody asked: the node's other paths decide alone."""
    outcomes, status = probe("--sysfs-root", folder)
    assert {outcome["probe"] for outcome in outcomes} == {"memory_copy", "loopback_latency"}, outcomes
    sure = all(outcome["status"] == "measured" and outcome["conclusive"] for outcome in outcomes)
    assert status == (0 if sure else 2), status


def device_without_driver(folder):
    """The device is there and no driver serves it: inconclusive."""
    need_no_driver()
    device_in(folder)
    outcomes, status = probe("--sysfs-root", folder)
    is_left_out(of(outcomes, "gpu_copy")[0])
    is_left_out(of(outcomes, "gpu_latency")[0])
    assert not of(outcomes, "gpu_together"), outcomes
    assert of(outcomes, "loopback_latency")[0]["status"] == "measured", outcomes
    assert status == 2, status


def hanging(folder):
    """A copy that does not come back: the pair has a name, what came before stays, the rest is told of."""
    file = os.path.join(folder, "gpus.yaml")
    with open(file, "w", encoding="ascii") as description:
        description.write(NODE)
    outcomes, status = probe("gpu_copy", "--measure", "write", "--size", "1MiB", "--drivers", "fake:" + file)
    assert len(outcomes) == 6, outcomes
    failed = [outcome for outcome in outcomes if outcome["status"] == "failed"]
    assert len(failed) == 1 and failed[0]["error_code"] == "deadline_exceeded", failed
    assert failed[0]["from"]["device"] != failed[0]["to"]["device"], failed
    before = outcomes[:outcomes.index(failed[0])]
    behind = outcomes[outcomes.index(failed[0]) + 1:]
    assert before and all(outcome["status"] == "measured" for outcome in before), before
    assert behind and all(outcome["reason"].startswith("not tried") for outcome in behind), behind
    assert status == 1, status


def main():
    scene = {each.__name__: each for each in (named, nothing_there, device_without_driver, hanging)}[sys.argv[1]]
    with tempfile.TemporaryDirectory() as folder:
        scene(folder)


if __name__ == "__main__":
    main()
