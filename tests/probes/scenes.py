#!/usr/bin/env python3
"""Runs plumbline-probe as real programs: two of them in network namespaces joined by a shaped link.

    scenes.py PROBE SCENE      SCENE: healthy dead loss device killed stopped inventory broken

Needs root or user namespaces; without them it leaves with 77, which ctest shows as skipped.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DRIVER = os.path.join(HERE, "pair_driver.py")
RATE = "200mbit"
# 200 Mb/s of Ethernet frames (1514 bytes for tbf) carry 1448 bytes of payload each.
SHAPED = 200e6 / 8 * 1448 / 1514


def sh(command):
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)


def skip(reason):
    print("skipped:", reason)
    sys.exit(77)


def enter_namespaces():
    """Starts this script again where network namespaces may be made and nobody sees them."""
    if os.environ.get("PLUMBLINE_SCENE"):
        return
    for tool in ("ip", "tc", "nft"):
        if not shutil.which(tool):
            skip(f"{tool} is missing")
    flags = ["--net", "--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--net", "--mount"]
    if subprocess.run(["unshare", *flags, "true"], capture_output=True, check=False).returncode:
        skip("needs root or user namespaces")
    os.environ["PLUMBLINE_SCENE"] = "1"
    script = "mount -t tmpfs none /run && mkdir -p /run/netns && exec \"$@\""
    os.execvp("unshare", ["unshare", *flags, "sh", "-c", script, "sh", sys.executable, *sys.argv])


def link_up():
    sh("ip netns add a; ip netns add b; ip link add ea netns a type veth peer name eb netns b")
    for name, device, address in (("a", "ea", "10.99.0.1"), ("b", "eb", "10.99.0.2")):
        sh(f"ip -n {name} addr add {address}/24 dev {device}; ip -n {name} link set lo up; "
           f"ip -n {name} link set {device} up; "
           f"tc -n {name} qdisc replace dev {device} root tbf rate {RATE} burst 64kb latency 20ms")


def drop(share):
    rule = "drop" if share == 100 else f"numgen random mod 100 < {share} drop"
    sh("ip netns exec b nft 'add table netdev t; add chain netdev t c "
       f"{{ type filter hook ingress device \"eb\" priority 0; }}; add rule netdev t c {rule}'")


def pair(probe, *more, to="b/eb"):
    command = [sys.executable, DRIVER, probe, "--from=a/ea=ip netns exec a", f"--to={to}=ip netns exec b",
               "--sizes=1048576", "--time=4", "--limit=30", *more]
    started = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, timeout=100)
    outcomes = [json.loads(line) for line in done.stdout.splitlines()]
    return outcomes, time.monotonic() - started, done.returncode


def check(holds, what):
    if not holds:
        print("not so:", what)
        sys.exit(1)


def close_to(value, expected, share, what):
    check(abs(value / expected - 1) <= share, f"{what}: {value:.4g} is within {share:.0%} of {expected:.4g}")


def healthy(probe):
    outcomes, _, status = pair(probe, "--measure=one_way,reverse,both_ways,latency")
    check(status == 0 and len(outcomes) == 4, f"four outcomes and status 0: {status} {outcomes}")
    for outcome in outcomes:
        check(outcome["status"] == "measured", outcome)
        check(outcome["proof"] and all(proof["holds"] for proof in outcome["proof"]), outcome["proof"])
        sources = {proof["source"] for proof in outcome["proof"]}
        check({"ucp_ep_print_info", "getsockname"} <= sources, sources)
        check([source for source in sources if re.match("/sys/class/net/ea/statistics/.x_bytes", source)], sources)
    for outcome, ways in zip(outcomes, (1, 1, 2)):
        close_to(outcome["value"], ways * SHAPED, 0.15, "goodput on a link of " + RATE)
    if shutil.which("iperf3"):
        close_to(outcomes[0]["value"], iperf(), 0.15, "goodput beside iperf3's")
    check(outcomes[3]["value"] < 0.05, "a latency far below 50 ms")


def iperf():
    server = subprocess.Popen(["ip", "netns", "exec", "b", "iperf3", "-s", "-1"], stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        answer = subprocess.run(["ip", "netns", "exec", "a", "iperf3", "-J", "-t", "3", "-c", "10.99.0.2"],
                                stdout=subprocess.PIPE, check=True)
        return json.loads(answer.stdout)["end"]["sum_received"]["bits_per_second"] / 8
    finally:
        server.kill()
        server.wait()


def failed(outcomes, count, code, *words):
    check(len(outcomes) == count, f"{count} outcomes: {outcomes}")
    for outcome in outcomes:
        check(outcome["status"] == "failed" and outcome["error_code"] == code, outcome)
        check(all(word in outcome["reason"] for word in words), f"{words} in {outcome['reason']}")


def dead(probe):
    drop(100)
    outcomes, seconds, status = pair(probe)
    failed(outcomes, 4, "unavailable", "a/ea", "b/eb")
    check(status == 0 and seconds < 12, f"quick: {seconds:.1f} s, status {status}")
    sh("ip netns exec b nft delete table netdev t; ip -n b link set eb down")
    outcomes, seconds, _ = pair(probe, "--measure=one_way")
    failed(outcomes, 1, "no_carrier", "carrier")
    check(seconds < 8, f"quick: {seconds:.1f} s")


def loss(probe):
    drop(2)
    outcomes, _, _ = pair(probe, "--measure=one_way")
    check(outcomes[0]["status"] == "measured", outcomes)
    check(outcomes[0]["counters"]["from.retransmits"] > 20, outcomes[0]["counters"])


def device(probe):
    outcomes, _, status = pair(probe, "--measure=one_way", to="b/nope")
    failed(outcomes, 1, "not_found", "b/nope", "only: lo eb")
    check(status == 0 and outcomes[0]["blamed"] == "b", outcomes)


def killed(probe, how="KILL"):
    outcomes, seconds, status = pair(probe, "--measure=one_way,reverse", f"--hurt={how}@0.7")
    failed(outcomes, 2, "deadline_exceeded", "waiting for b/eb")
    check(status == 0 and seconds < 25, f"bounded: {seconds:.1f} s, status {status}")


def stopped(probe):
    killed(probe, "STOP")


def ask(probe, request, keep_open=True):
    """A single probe's events, its exit status and its stderr."""
    child = subprocess.Popen([probe], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdin.write(request.encode() + b"\n")
    child.stdin.flush()
    if not keep_open:
        child.stdin.close()
    output = child.stdout.read().decode()
    errors = child.stderr.read().decode()
    return [json.loads(line) for line in output.splitlines()], child.wait(20), errors


def request_for(name, **more):
    request = {"schema": "plumbline.request/v1", "probe": name, "rank": 0, "size": 1,
               "ends": [{"node": "n", "device": "", "rail": ""}], "sizes": [], "measure": [], "seed": 1,
               "limit_s": 10, "options": {},
               "budget": {"width": 0.2, "time_s": 2, "bytes": 1 << 40, "batch_s": 0.1}}
    return json.dumps({**request, **more})


def cached(uid, name, sandbox):
    arguments = [["K8S_POD_NAMESPACE", "tenant"], ["K8S_POD_NAME", name], ["K8S_POD_UID", uid]]
    return json.dumps({"kind": "cniCacheV1", "ifName": "eb", "cniArgs": arguments,
                       "result": {"interfaces": [{"name": "eb", "sandbox": sandbox}]}})


def inventory(probe):
    with tempfile.TemporaryDirectory() as results:
        for uid, name, sandbox in (("1", "loader-0", "/run/netns/b"), ("2", "gone", "/run/netns/none"),
                                   ("3", "liar", "/etc/passwd")):
            with open(os.path.join(results, name), "w", encoding="utf-8") as file:
                file.write(cached(uid, name, sandbox))
        events, status, errors = ask(probe, request_for("inventory", options={"cni_results": results}))
    check(status == 0, errors)
    topology = [event["topology"] for event in events if event["event"] == "topology"][0]
    pods = {pod["pod_name"]: pod for pod in topology["sandboxes"]}
    check(set(pods) == {"loader-0", "gone", "liar"}, pods)
    inside = [found["name"] for found in pods["loader-0"]["devices"]]
    check(inside == ["eb"], inside)
    check(pods["loader-0"]["devices"][0]["mtu"] == 1500, pods["loader-0"])
    for name in ("gone", "liar"):
        check(pods[name].get("devices") is None and pods[name]["problem"], pods[name])
    # `ip netns exec` shows each namespace its own /sys.
    command = ["ip", "netns", "exec", "a", probe]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child.stdin.write(request_for("inventory").encode() + b"\n")
    child.stdin.flush()
    lines = [json.loads(line) for line in child.stdout.read().splitlines()]
    own = [event["topology"] for event in lines if event["event"] == "topology"][0]["network_devices"]
    check([found["name"] for found in own] == ["ea"], own)
    check(own[0]["driver"] == "veth" and own[0]["virtual"] and "link_rate" not in own[0], own)
    check(own[0]["addresses"][0] == "10.99.0.1/24", own)


def broken(probe):
    for text, words in (("nonsense", "request"), ("{}", "schema"), (request_for("nope"), "no probe"),
                        (request_for("pair"), "two ends"), (request_for("inventory", rank=3), "rank")):
        events, status, errors = ask(probe, text)
        check(status == 64, f"status 64 for {text}: {status}")
        check(len(errors.splitlines()) == 1 and re.search(words, errors), f"one line with '{words}': {errors}")
        check(not [event for event in events if event["event"] == "done"], events)
    # The agent's end of the channel closes: so does the probe, long before its work is done.
    long = request_for("loopback_latency", limit_s=30,
                       budget={"width": 1e-9, "time_s": 25, "bytes": 1 << 40, "batch_s": 1})
    started = time.monotonic()
    _, status, errors = ask(probe, long, keep_open=False)
    check(status == 70 and "agent is gone" in errors, f"{status} {errors}")
    check(time.monotonic() - started < 5, "at once")


def main():
    probe, scene = os.path.abspath(sys.argv[1]), sys.argv[2]
    enter_namespaces()
    link_up()
    scenes = {"healthy": healthy, "dead": dead, "loss": loss, "device": device, "killed": killed,
              "stopped": stopped, "inventory": inventory, "broken": broken}
    scenes[scene](probe)


if __name__ == "__main__":
    main()
