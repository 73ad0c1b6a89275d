"""What comes between a stage and its end: each still writes its report, says why, and leaves nothing or names what is
left."""

import contextlib
import datetime
import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.request

from cluster import PROGRAM, expect
from rack_cluster import all_ready, apply, pods, wait_for
from stage_scenes import ASKED, SPACE, Stage, controls, end_pod, left_behind
from virtual_rack import layout, namespaces

LONG = {"budget": "20s", "width": 0.001}  # a pair takes as long as it may
SILENCE_S = 11.5                          # a little more than the ten seconds that a stage bears


def moment(text):
    """Seconds since the epoch of a time in UTC with milliseconds."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def last_child_gone(rack, since):
    """When the last agent said that it had ended a measurement and its child was gone."""
    ended = [moment(line.split()[0]) for log in rack.glob("nodes/*/agent.log")
             for line in log.read_text(errors="replace").splitlines() if "measurement " in line and " cancelled: " in line]
    return max((one for one in ended if one >= since - 0.001), default=None)


def tell(rack, report, came, what):
    """Prints when the product saw it and ended, and when the agents' children were gone, since it came."""
    seen, quiet = (moment(report["facts"][name]) for name in ("end_seen_at", "measuring_ended_at"))
    gone = last_child_gone(rack, came)
    child = "no child to end" if gone is None else f"the last child gone at {gone - came:.3f} s"
    print(f"{what}: after it came seen at {seen - came:.3f} s, ended at {quiet - came:.3f} s, {child}", flush=True)
    return seen, quiet


def told_in_order(rack, report, came, what):
    """By the product's own record: the cause, then its being seen, then the end of measuring, and no number later."""
    seen, quiet = tell(rack, report, came, what)
    expect(came <= seen + 0.001 and seen <= quiet, f"{what}: {came} {seen} {quiet}")
    late = [one for one in report["outcomes"]
            if one["status"] == "measured" and moment(one["finished_at"]) > quiet]
    expect(not late, late)


class FirstToGo:
    """When the API server said, to a watch of the test's own, that one of the pods must go: who, and at what time."""

    def __init__(self, api, selector):
        path = f"/api/v1/namespaces/{SPACE}/pods?labelSelector={selector}"
        version = api.ask("GET", path)["metadata"]["resourceVersion"]
        self.name = self.at = None
        self.answer = urllib.request.urlopen(f"{api.server}{path}&watch=1&resourceVersion={version}&timeoutSeconds=60",
                                             context=api.tls, timeout=60)
        self.thread = threading.Thread(target=self.follow)
        self.thread.start()

    def follow(self):
        with self.answer:
            for line in self.answer:
                now, meta = time.time(), json.loads(line)["object"]["metadata"]
                if "deletionTimestamp" in meta:
                    self.name, self.at = meta["name"], now
                    return

    def wait(self):
        self.thread.join()
        return self


def first_pair(stage):
    """Two nodes and a rail that are measured now."""
    pattern = re.compile(rb"goodput: (node-\d)-(node-\d) (rail-\w)")
    found = wait_for("a round begins", lambda: pattern.search((stage.results / "log").read_bytes()))
    return [part.decode() for part in found.groups()]


def sent(names, node, device):
    """Bytes that the node's NIC has sent."""
    place = namespaces.path(names.namespace(node))
    text = subprocess.run(["nsenter", f"--net={place}", "cat", "/proc/net/dev"], check=True,
                          capture_output=True, text=True).stdout
    line = next(one for one in text.splitlines() if one.strip().startswith(device + ":"))
    return int(line.split(":")[1].split()[8])


def give_to_tenant(names, node, device):
    """The kubelet of the node says that a tenant's pod holds a NIC; returns when it said so."""
    answer = names.node_path(layout.node_named(node), "podresources.json")
    with open(answer, encoding="utf-8") as stream:
        told = json.load(stream)
    told["pod_resources"].append({"name": "trainer-0", "namespace": "tenant", "containers": [
        {"name": "main", "devices": [{"resource_name": "example.com/nic", "device_ids": [device]}]}]})
    with open(str(answer) + ".tenant", "w", encoding="utf-8") as stream:
        json.dump(told, stream)
    came = time.time()
    os.replace(str(answer) + ".tenant", answer)
    return came


def tenants_come(api, rack):
    """By the kubelet's word: the node's agent ends that measurement alone. By the API server's word, as a pod that
    somebody bound past the scheduler: the stage ends."""
    names, stage = layout.Names.of(rack), Stage(rack, api.kubeconfig, "tenant", **LONG)
    one, _, rail = first_pair(stage)
    device = layout.rail_named(rail).device
    before = sent(names, one, device)
    wait_for("bytes flow", lambda: sent(names, one, device) > before + 1_000_000)
    came = give_to_tenant(names, one, device)
    words = f"{device} on {one} is held by pod tenant/trainer-0"
    wait_for("it is told", lambda: [outcome for outcome in stage.outcomes()
                                    if words in outcome.get("reason", "")])
    log = names.node_path(layout.node_named(one), "agent.log")
    with open(log, encoding="utf-8", errors="replace") as stream:
        ended = next(line for line in stream if words in line).split()[0]
    print(f"the agent had ended it {moment(ended) - came:.3f} s after the tenant came", flush=True)
    expect(came <= moment(ended) + 0.001, f"{came} {ended}")
    came = time.time()
    apply(api, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "intruder"}, "spec": {
        "nodeName": "node-1", "terminationGracePeriodSeconds": 1, "restartPolicy": "Never",
        "containers": [{"name": "main", "image": "machine", "command": ["sh", "-c", "sleep 60"],
                        "resources": {"limits": {"example.com/nic": 1}}}]}})
    code, report = stage.end()
    expect(code == 2 and "pod plumbline/intruder of others was bound to node-1 and asks for example.com/nic"
           in report["interruption"], f"{code} {report['interruption']}")
    told_in_order(rack, report, came, "a pod of others")
    expect(not left_behind(api), left_behind(api))
    end_pod(api, "intruder")


def a_pod_is_evicted(api, rack):
    stage = Stage(rack, api.kubeconfig, "evicted", **LONG)
    first_pair(stage)
    name = next(iter(pods(api, SPACE, "plumbline.dev/workload=gang")))
    came = time.time()
    api.create(f"/api/v1/namespaces/{SPACE}/pods/{name}/eviction", {
        "apiVersion": "policy/v1beta1", "kind": "Eviction",
        "metadata": {"name": name, "namespace": SPACE}})
    code, report = stage.end()
    expect(code == 2 and name in report["interruption"]
           and "which held the devices under test" in report["interruption"],
           f"{code} {report['interruption']}")
    told_in_order(rack, report, came, "an eviction")
    expect(not left_behind(api), left_behind(api))


def a_deadline_passes(api, rack):
    """With workloads on the cluster. And a gang that is too large for it is not kept waiting: the default scheduler
    binds what fits, so that the control misbehaves and says so."""
    asked = ASKED.replace("pending_for", "controls: [oversized], pending_for")
    code, report = Stage(rack, api.kubeconfig, "late", asked, deadline="15s", **LONG).end()
    expect(code == 2 and "deadline passed" in report["interruption"], f"{code} {report['interruption']}")
    oversized = controls(report)["oversized"]
    expect(oversized["state"] == "misbehaved" and "bound that could not fit" in oversized["seen"], oversized)
    expect(controls(report)["positive"]["state"] == "behaved", controls(report))
    told = {one["id"]: one["verdict"] for one in report["requirements"]}
    expect(told.get("gang_scheduling") != "pass", told)
    expect(not left_behind(api), left_behind(api))


def the_server_falls_silent(api, rack):
    """It answers nobody for more than ten seconds, and never again while the stage lives: the report names what could
    not be deleted, and a sweep deletes it once the server is back."""
    stage = Stage(rack, api.kubeconfig, "silent", **LONG)
    first_pair(stage)
    came = time.time()
    os.kill(int((api.run / "server.pid").read_text()), signal.SIGSTOP)
    with contextlib.suppress(subprocess.TimeoutExpired):
        stage.process.wait(SILENCE_S)
    api.server_down()
    code, report = stage.end()
    expect(code == 2 and "could not be renewed" in report["interruption"], f"{code} {report['interruption']}")
    told_in_order(rack, report, came, "ten seconds of silence")
    expect(report["because"][0].startswith("could not delete") and report["workloads"]["left"],
           report["because"])
    restart(api)
    expect(left_behind(api), "nothing was left that a sweep could delete")
    sweep(api, "--run", report["run_id"])
    expect(not left_behind(api), left_behind(api))


def the_server_is_away(api, rack):
    """From the start: nothing is made and nothing measured, and there is a report."""
    api.server_down()
    code, report = Stage(rack, api.kubeconfig, "away").end()
    expect(code == 2 and report["interruption"].startswith("workloads: "), f"{code} {report['interruption']}")
    expect(not any(one["status"] == "measured" for one in report["outcomes"]), "it was measured")
    restart(api)
    expect(not left_behind(api), left_behind(api))


def restart(api):
    """The server is back, and has heard of every node since then."""
    api.restart()
    since = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
    wait_for("the nodes are heard again", lambda: all(
        one["spec"]["renewTime"] >= since for one in api.ask("GET", leases)["items"]) and all_ready(api))


def sweep(api, *words):
    """What `plumbline sweep` says that it did."""
    done = subprocess.run([PROGRAM, "sweep", "--kubeconfig", api.kubeconfig, "-o", "json", *words],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0 or not done.stdout:
        expect(False, f"sweep {words}: {done.returncode} '{done.stdout}' '{done.stderr}'")
        return []
    return json.loads(done.stdout)["runs"]


BY_HAND = (the_server_is_away,)  # run where PLUMBLINE_SCENES names it
SCENES = (tenants_come, a_pod_is_evicted, a_deadline_passes, the_server_falls_silent)
