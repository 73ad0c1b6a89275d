#!/usr/bin/env python3
"""What one GPU can show of the programs: each scene judges itself.

    scenes.py SCENE --bin DIR     SCENE: paths latency sweep pair held killed rdma

Leaves with 77 and a reason (which ctest shows as skipped) where there is no GPU, else 0 or 1.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DRIVER = next(path for path in (os.path.join(HERE, "pair_driver.py"),
                                os.path.join(os.path.dirname(HERE), "probes", "pair_driver.py"))
              if os.path.exists(path))
SKIPPED = 77


class World:
    def __init__(self, folder):
        self.bin = folder
        # A carried folder's libraries are for its programs alone, behind what the machine says itself.
        carried = os.path.join(os.path.dirname(os.path.abspath(folder)), "lib")
        if os.path.isdir(carried):
            known = os.environ.get("LD_LIBRARY_PATH")
            os.environ["LD_LIBRARY_PATH"] = f"{known}:{carried}" if known else carried

    def program(self, name):
        path = os.path.join(self.bin, name)
        if not os.path.exists(path):
            skip(f"{name} is not built in {self.bin}")
        return path

    def probe(self, *words):
        """Outcomes and exit status of `plumbline probe`."""
        command = [self.program("plumbline"), "probe", *words, "-o", "json", "--log-level", "error"]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False, timeout=900)
        return json.loads(done.stdout)["outcomes"], done.returncode

    def holder(self, size="1GiB", uuid="first"):
        """A process that holds the GPU, and the GPU's UUID."""
        child = subprocess.Popen([self.program("gpu_holder"), uuid, size], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
        line = child.stdout.readline().split()
        if not line or line[0] != "holding":
            child.wait()
            skip(" ".join(line[1:]) or "the GPU could not be held")
        return child, line[1]


def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIPPED)


def check(good, words):
    if not good:
        print("failed:", words)
        sys.exit(1)


def amount(outcome):
    if outcome["status"] != "measured":
        return outcome["status"] + ": " + outcome.get("reason", "")
    value, (low, high) = outcome["value"], outcome["interval"]
    if outcome["unit"] == "s":
        text = f"{value * 1e6:9.3f} us    p99 {outcome.get('p99', 0) * 1e6:.3f} us"
    else:
        text = f"{value / 1e9:9.2f} GB/s  +-{(high - low) / 2 / value * 100 if value else 0:.2f} %"
    return text + f"  {len(outcome['batches'])} batches"


def show(outcomes):
    for outcome in outcomes:
        what = " ".join(f"{key}={value}" for key, value in outcome["parameters"].items())
        ends = f"{outcome['from'].get('device', '')} -> {outcome['to'].get('device', '')}"
        print(f"{outcome['probe']:12} {ends:84} {what:58} {amount(outcome)}")
        for caveat in outcome.get("caveats", []):
            print(f"{'':12} caveat: {caveat}")
        for proof in outcome.get("proof", []):
            print(f"{'':12} {proof['kind']}: {proof['statement']}" + ("" if proof["holds"] else "  DOES NOT HOLD"))


def no_gpu(outcomes):
    """Skips where there is no GPU at all."""
    reasons = [outcome["reason"] for outcome in outcomes if outcome["status"] == "skipped"]
    if reasons and len(reasons) == len(outcomes):
        skip(reasons[0])


def all_measured(outcomes):
    show(outcomes)
    bad = [outcome for outcome in outcomes if outcome["status"] != "measured"]
    check(not bad, f"{len(bad)} of {len(outcomes)} were not measured")


def paths(world):
    outcomes, _ = world.probe("gpu_copy", "--measure", "host_to_device", "device_to_host", "host_both_ways",
                              "local", "sm")
    no_gpu(outcomes)
    all_measured(outcomes)
    engines = {outcome["parameters"]["engine"] for outcome in outcomes}
    check(engines == {"dma", "sm"}, "not both engines copied")
    host = [o for o in outcomes if o["from"].get("device", "").startswith("numa")]
    check(all(o["value"] > 1e9 for o in host), "a path from the host is below 1 GB/s")


def latency(world):
    outcomes, _ = world.probe("gpu_latency", "--measure", "host")
    no_gpu(outcomes)
    all_measured(outcomes)
    check(all(1e-7 < outcome["value"] < 1e-3 for outcome in outcomes), "a latency is not to be believed")


def sweep(world):
    outcomes, _ = world.probe("gpu_copy", "--measure", "host_to_device", "sweep")
    no_gpu(outcomes)
    all_measured(outcomes)
    knees = [outcome["counters"]["knee_bytes"] for outcome in outcomes if "knee_bytes" in outcome["counters"]]
    check(knees and all(4096 <= knee for knee in knees), "no knee was found")
    print("knee:", knees)


def pair(world):
    """Two processes on one GPU, by CUDA IPC."""
    holder, uuid = world.holder("16MiB")
    holder.stdin.close()
    holder.wait()
    command = [sys.executable, DRIVER, world.program("plumbline-probe"), "--from", f"here/{uuid}", "--to",
               f"here/{uuid}", "--name", "gpu_pair", "--measure", "", "--sizes", str(256 << 20)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=120)
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    check(len(outcomes) == 1 and done.returncode == 0, f"the pair left with {done.returncode}")
    all_measured(outcomes)


def held(world):
    """A GPU that another process holds is not touched."""
    holder, uuid = world.holder("4GiB")
    try:
        outcomes, status = world.probe("gpu_copy", "--measure", "local")
    finally:
        holder.stdin.close()
        holder.wait()
    mine = [outcome for outcome in outcomes if outcome["from"].get("device") == uuid]
    show(mine)
    check(mine and all(outcome["status"] == "skipped" for outcome in mine), "the held GPU was measured")
    check(status == 2, f"the exit status is {status}, not 2")
    outcomes, _ = world.probe("gpu_copy", "--measure", "local")
    all_measured([outcome for outcome in outcomes if outcome["from"].get("device") == uuid])


def probe_children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def killed(world):
    """kill -9 of the measuring child leaves nothing on the GPU: the next run is not refused."""
    outcomes, _ = world.probe("gpu_copy", "--measure", "local")
    no_gpu(outcomes)
    command = [world.program("plumbline"), "probe", "gpu_copy", "--budget", "30", "--measure", "host_to_device",
               "device_to_host", "-o", "json", "--log-level", "error"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE)
    started = time.monotonic()
    while not probe_children(run.pid) and time.monotonic() < started + 20:
        time.sleep(0.05)
    children = probe_children(run.pid)
    check(children, "no child was seen")
    time.sleep(3)  # it is copying by now
    os.kill(children[0], signal.SIGKILL)
    told = json.loads(run.communicate(timeout=60)[0])["outcomes"]
    show(told)
    check(any(outcome["status"] == "failed" for outcome in told), "the killed child was not told of")
    outcomes, _ = world.probe("gpu_copy", "--measure", "local")
    all_measured(outcomes)


def rdma(world):
    """Every NIC to itself from each GPU's memory, by dma-buf or a peer memory module, and every NIC to every other."""
    outcomes, _ = world.probe("rdma_loopback", "--size", "1MiB")
    show(outcomes)
    if not any(outcome["status"] == "measured" for outcome in outcomes):
        skip(next((outcome["reason"] for outcome in outcomes if outcome.get("reason")), "there is no RDMA device"))
    of_gpus = [outcome for outcome in outcomes if outcome["parameters"].get("memory", "").startswith("gpu ")]
    check(of_gpus, "no outcome tells of a GPU's memory")
    for outcome in outcomes:
        check(outcome["status"] != "failed", f"{outcome['from']} to {outcome['to']} failed: {outcome.get('reason')}")
        if outcome["status"] == "measured":
            check(all(sign["holds"] for sign in outcome["proof"]), f"not proven: {outcome['proof']}")
    for outcome in of_gpus:
        words = " ".join(sign["statement"] for sign in outcome.get("proof", []))
        check(outcome["status"] == "skipped" or "memory " in words, f"the library does not say whose memory it used: {words}")


def main():
    scenes = {scene.__name__: scene for scene in (paths, latency, sweep, pair, held, killed, rdma)}
    parser = argparse.ArgumentParser()
    parser.add_argument("scene", choices=scenes)
    parser.add_argument("--bin", required=True)
    options = parser.parse_args()
    scenes[options.scene](World(options.bin))


if __name__ == "__main__":
    main()
