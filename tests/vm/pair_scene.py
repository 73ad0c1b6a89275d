"""The pair over RDMA between two guests: rates and delays that netem sets, perftest and UCX on the same device, and
faults that each must end with one reason and one culprit."""
import json
import os
import re
import shutil

from guests import text_of

HERE = os.path.dirname(os.path.abspath(__file__))
RATE = 20e6 / 8            # netem counts Ethernet frames
SHARE = 4096 / (4096 + 66)  # Ethernet 14, IPv4 20, UDP 8, BTH 12, RETH or AETH up to 8 on average, ICRC 4

GPU = """schema: plumbline.fake-gpus/v1
name: one described GPU
driver: {version: 550.54.15, cuda: "12.4"}
machine: {virtual: true}
gpus: {count: 1, product: Tesla T4, compute_capability: "7.5", memory: 15GiB, pcie_generation: 3, pcie_width: 16, peer: none}
copies: {host: 12.4GB/s, host_total: 20GB/s, local: 120GB/s}
"""


def run(bed, programs):
    share = bed.share
    def with_driver(name, job, settings):
        folder = share(name, job, settings)
        shutil.copy(os.path.join(HERE, "..", "probes", "pair_driver.py"), folder)
        shutil.copy(os.path.join(HERE, "guest", "pair_cases.sh"), os.path.join(folder, "cases.sh"))
        with open(os.path.join(folder, "gpu.yaml"), "w", encoding="ascii") as file:
            file.write(GPU)
        for script in ("reach.sh", "poor.sh", "few.sh"):
            os.chmod(os.path.join(folder, script), 0o755)
        return folder
    bed.share = with_driver
    return bed.run_pair("pair", "pair.sh", {"BIN": programs}, 330, memory=640)


def outcomes(share, case):
    return [json.loads(line) for line in text_of(share, case + ".jsonl").splitlines()]


def one(share, case):
    found = outcomes(share, case)
    return found[0] if len(found) == 1 else {"status": f"{len(found)} outcomes: " + text_of(share, case + ".log")[-300:]}


def told(outcome):
    return outcome.get("reason", json.dumps(outcome)[:400])


def proven(outcome):
    signs = outcome.get("proof", [])
    return len(signs) >= 6 and all(sign["holds"] for sign in signs)


def near(value, wanted, share):
    return abs(value - wanted) <= share * wanted


def perftest_rate(share, name):
    """The average in B/s of perftest's table, whose MB are 2^20; nothing when it printed none."""
    lines = re.findall(r"^\s*16384\s+\d+\s+\S+\s+([\d.]+)\s", text_of(share, f"perftest.{name}.txt"), re.M)
    return float(lines[-1]) * 2**20 if lines and float(lines[-1]) > 0 else None


def check_rates(share, expect):
    for outcome in outcomes(share, "rate"):
        operation = outcome["parameters"]["operation"]
        value = outcome.get("value", 0)
        expect(f"{operation}: {value / 1e6:.3f} MB/s of the {RATE * SHARE / 1e6:.3f} that netem leaves {told(outcome) if not value else ''}",
               near(value, RATE * SHARE, 0.07))
        expect(f"{operation}: verified, and proven by the counters of both ends", proven(outcome))
        other = perftest_rate(share, operation)
        if other:
            expect(f"{operation}: perftest has {other / 1e6:.3f} MB/s on the same path", near(value, other, 0.07))
    expect("three operations", len(outcomes(share, "rate")) == 3)
    ways = one(share, "ways")
    expect(f"both ways over four queue pairs at depth 24: {ways.get('value', 0) / 1e6:.3f} MB/s {told(ways) if 'value' not in ways else ''}",
           near(ways.get("value", 0), RATE * SHARE, 0.1) and ways["parameters"]["queue_pairs"] == "4")


def check_delays(share, expect):
    lines = re.findall(r"^\s*8\s+30\s+\S+\s+\S+\s+([\d.]+)", text_of(share, "perftest.latency.txt"), re.M)
    extra = max(0.0, float(lines[-1]) * 1e-6 - 0.050) if lines else 0.0
    for outcome in outcomes(share, "delay"):
        operation = outcome["parameters"]["operation"]
        wanted = 0.100 if operation == "read" else 0.050  # netem delays one direction: a round trip has 100 ms
        value = outcome.get("value", 0)
        # What emulation adds, both tools have.
        expect(f"latency of {operation}: {value * 1e3:.2f} ms of {wanted * 1e3:.0f} ms {told(outcome) if not value else ''}",
               wanted <= value <= wanted + max(0.3 * wanted, 1.5 * extra))
    print(f"      perftest's ib_send_lat: {lines[-1] if lines else 'no figure'} us")


def fails(share, expect, case, blamed, *words, code="unavailable"):
    outcome = one(share, case)
    reason = told(outcome)
    good = outcome["status"] == "failed" and all(re.search(word, reason) for word in words)
    expect(f"{case}: {reason} (blamed: {outcome.get('blamed', 'nobody')})",
           good and outcome.get("blamed", "") == blamed and (code is None or outcome["error_code"] == code))


def check_faults(share, expect):
    loss = one(share, "loss")
    counted = {name: value for name, value in loss.get("counters", {}).items() if value}
    expect(f"loss: measured, with errors counted beside it: {counted} {told(loss) if not counted else ''}",
           loss["status"] == "measured" and any("seq" in name or "retry" in name for name in counted))
    mtu = one(share, "mtu")
    words = " ".join(sign["statement"] for sign in mtu.get("proof", []))
    expect(f"mtu: measured over the smaller MTU {told(mtu) if not words else ''}", mtu["status"] == "measured" and "mtu 1024" in words)
    fails(share, expect, "wrong_gid", "node-1", "GID 7 is zero")
    fails(share, expect, "cut", "node-2", code=None)
    fails(share, expect, "down", "node-2", "port rxe1:1 is DOWN", code="no_carrier")
    fails(share, expect, "no_address", "node-2", "its network device has lost its address", code="not_found")
    fails(share, expect, "zero_gid", "node-2", "all [0-9]+ GIDs are zero")
    fails(share, expect, "no_uverbs", "node-2", "/dev/infiniband/uverbs. is missing", code="not_found")
    fails(share, expect, "killed", "node-2", "nothing came|gone|ended", code=None)
    fails(share, expect, "stopped", "node-2", "nothing came", code="deadline_exceeded")
    fails(share, expect, "memlock", "node-1", "locked memory is 65536 bytes", code=None)
    fails(share, expect, "no_queue_pair", "node-1", "rdma cgroup allows rxe1 .*hca_object=2", code=None)


def check_inventory_without_queue_pair(share, expect):
    devices = json.loads(text_of(share, "inventory.few.json"))["topology"]["rdma_devices"]
    said = {device["name"]: device["capability"] + ": " + device.get("unusable", "") for device in devices}
    expect(f"a device with its whole table and no queue pair is told so: {said}",
           said["rxe1"].startswith("no queue pair: making an RC queue pair") and said["rxe2"] == "queue pair made: ")


def check_proofs(share, expect):
    uncounted = one(share, "uncounted")
    unread = [sign["statement"] for sign in uncounted.get("proof", []) if not sign["holds"] and "infiniband" in sign["source"]]
    expect(f"a counter that cannot be read proves nothing: {unread} {told(uncounted) if not unread else ''}",
           len(unread) == 1 and 'sent_pkts holds "N/A (no PMA)", not a number' in unread[0])
    stray = one(share, "stray")
    away = [sign["statement"] for sign in stray.get("proof", []) if not sign["holds"]]
    expect(f"what takes the other wire is found out at both ends: {away} {told(stray) if not away else ''}",
           sum("over ens1 under rxe1/1" in words for words in away) == 2 and sum("other network device: ens2" in words for words in away) == 2)
    after = one(share, "after")
    expect(f"after all faults the path is measured and proven: {after.get('value', 0) / 1e6:.3f} MB/s {told(after) if not proven(after) else ''}",
           after["status"] == "measured" and proven(after) and near(after["value"], RATE * SHARE, 0.07))


def check_loopback(share, expect):
    told = json.loads(text_of(share, "loopback.json"))["outcomes"]
    told = [outcome for outcome in told if "memory" not in outcome["parameters"]]
    own = [outcome for outcome in told if outcome["from"]["device"] == outcome["to"]["device"]]
    expect(f"each port to itself, proven: {[outcome.get('reason', '') for outcome in own]}",
           len(own) == 2 and all(outcome["status"] == "measured" and all(sign["holds"] for sign in outcome["proof"]) for outcome in own))
    route = text_of(share, "route.txt").splitlines()[:1]
    expect(f"between two addresses of one node packets leave by the wire: {route}", "dev ens1" in str(route))
    crossed = [outcome.get("reason", "") for outcome in told if outcome not in own]
    expect(f"one to the other is skipped with the reason: {crossed}",
           len(crossed) == 2 and all("an address of its own" in reason for reason in crossed))


def check_gpu_memory(share, expect):
    told = json.loads(text_of(share, "loopback.json"))["outcomes"]
    of_gpu = [outcome for outcome in told if outcome["parameters"].get("memory", "").startswith("gpu ")]
    words = [" ".join(sign["statement"] for sign in outcome.get("proof", [])) for outcome in of_gpu]
    expect(f"a described GPU's memory by each port, verified and proven: {[outcome.get('reason', '') for outcome in of_gpu]}",
           len(of_gpu) == 2 and all(outcome["status"] == "measured" and all(sign["holds"] for sign in outcome["proof"])
                                    for outcome in of_gpu) and all("by description" in line for line in words))


def check_crossed(share, expect):
    told = json.loads(text_of(share, "crossed.json"))["outcomes"]
    crossed = [outcome for outcome in told if outcome["from"]["device"] != outcome["to"]["device"]]
    expect(f"each port to the other by a switch between them, proven: {[outcome.get('reason', '') for outcome in crossed]}",
           len(crossed) == 2 and all(outcome["status"] == "measured" and all(sign["holds"] for sign in outcome["proof"])
                                     for outcome in crossed))


def check_sanitizers(share, expect):
    """Says something in a build with sanitizers only."""
    said = []
    for name in sorted(os.listdir(share)):
        if name.endswith(".log") or name.startswith("out."):
            said += re.findall(r".*(?:ERROR: \w+Sanitizer|runtime error: ).*", text_of(share, name))
    expect(f"no sanitizer has anything to say {said[:3]}", not said)


def check(share, expect):
    check_sanitizers(share, expect)
    check_loopback(share, expect)
    check_gpu_memory(share, expect)
    check_crossed(share, expect)
    check_rates(share, expect)
    check_delays(share, expect)
    check_faults(share, expect)
    check_inventory_without_queue_pair(share, expect)
    check_proofs(share, expect)
