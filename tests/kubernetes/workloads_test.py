#!/usr/bin/env python3
"""A stage brings a gang through the real scheduler, measures from inside its pods, holds its controls to their word, ends
when somebody comes between, and leaves nothing behind, not even after kill -9."""

import json
import os
import pathlib
import signal
import sys
import time

import collective_scenes
import failure_scenes
from cluster import complaints, conclude, expect
from rack_cluster import apply, layout, pods, rack_cluster, run_inside, skip_without_rights, wait_for
from stage_scenes import ASKED, RUN, SPACE, Stage, controls, end_pod, left_behind, make_room, started


def a_whole_stage(api, rack):
    before = len(complaints)
    stage = Stage(rack, api.kubeconfig, "whole", budget="4s")
    code, report = stage.end()
    expect(code == 0 and report["verdict"] == "pass", f"{code} {report['because']}")
    expect({name: one["state"] for name, one in controls(report).items()}
           == {"positive": "behaved", "negative": "behaved", "misaligned": "behaved"},
           controls(report))
    apart = [pod for pod in report["workloads"]["pods"] if pod["workload"] == "misaligned"]
    racks = {node["name"]: node["rack"] for node in report["nodes"]}
    expect(len({racks[pod["binding"]["value"]] for pod in apart}) == 2, apart)
    expect(any(one["probe"] == "misaligned_goodput" and one["status"] == "measured"
               for one in report["outcomes"]), "misaligned pods were not measured")
    gang = [pod for pod in report["workloads"]["pods"] if pod["workload"] == "gang"]
    expect(len({pod["binding"]["value"] for pod in gang}) == 5, gang)
    expect(all(pod["scheduler"] == "default-scheduler" and pod["binding"]["resource_version"]
               for pod in gang), gang)
    expect(all(sorted(pod["devices"]) == ["example.com/nic/ens1", "example.com/nic/ens2"] for pod in gang), gang)
    waits = [pod for pod in report["workloads"]["pods"] if pod["workload"] == "negative"]
    expect(len(waits) == 1 and waits[0]["waiting"].startswith("Unschedulable")
           and not waits[0]["binding"]["value"], waits)
    placed = [one for one in report["outcomes"] if one["probe"] == "placed_goodput"]
    expect({one["from"]["rail"] for one in placed if one["status"] == "measured"}
           == {"rail-a", "rail-b"}, [one.get("reason") for one in placed])
    told = {one["id"]: one["verdict"] for one in report["requirements"]}
    for name in ("placement", "pod_to_pod_transfer"):
        expect(told.get("high_performance_networking/" + name) == "pass", told)
    expect(told.get("high_performance_networking") == "inconclusive", told)
    expect(told.get("gang_scheduling") == "inconclusive", told)
    looked = {pod["workload"] for pod in report["workloads"]["pods"]
              if any(one["rule"] == "X04" and one["verdict"] == "match"
                     and one["subject"]["name"] == pod["binding"]["name"] for one in report["findings"])}
    expect(looked == {"gang", "bare", "single"}, f"seen inside: {looked}")
    single = [pod for pod in report["workloads"]["pods"] if pod["workload"] == "single"]
    expect(len(single) == 2 and len({pod["binding"]["value"] for pod in single}) == 1
           and sorted(pod["devices"][0] for pod in single) == ["example.com/nic/ens1", "example.com/nic/ens2"], single)
    expect(not left_behind(api), left_behind(api))
    if len(complaints) > before:
        print(stage.output())


def a_gang_of_one_rack(api, rack):
    """It requires one rack of the two that have room, and gets it: that is topology-aware placement, with pods in two racks
    measured worse. Nodes that it has no part in lack nothing."""
    before = len(complaints)
    asked = ASKED.replace("pending_for", f"members: 2, domain: {layout.RACK_LABEL}, pending_for")
    stage = Stage(rack, api.kubeconfig, "domain", asked, budget="4s", without=("node-5",))
    code, report = stage.end()
    expect(code == 0 and report["verdict"] == "pass", f"{code} {report['because']}")
    expect({name: one["state"] for name, one in controls(report).items()}
           == {"positive": "behaved", "negative": "behaved", "misaligned": "behaved"}, controls(report))
    racks = {node["name"]: node["rack"] for node in report["nodes"]}
    gang = [pod for pod in report["workloads"]["pods"] if pod["workload"] == "gang"]
    expect(len(gang) == 2 and len({racks[pod["binding"]["value"]] for pod in gang}) == 1, gang)
    judged = [one for one in report["findings"] if one["rule"] == "X12" and one["subject"]["kind"] == "gang"]
    expect(judged and all(one["verdict"] == "match" and one["claim"]["kind"] == "Job" for one in judged), judged)
    aware = [one for one in report["requirements"] if one["id"] == "#16"]
    expect(aware and aware[0]["verdict"] == "pass", aware)
    print(aware[0]["because"] if aware else "", flush=True)
    expect(not left_behind(api), left_behind(api))
    if len(complaints) > before:
        print(stage.output())


def a_plugin_lies(api, rack):
    """Another NIC in a container than the kubelet says, and a GPU's node where nobody asked for one: each is named, with
    its pod and node; the GPU's requirement fails by it. And a rail that is declared slower and is not: its control says so."""
    before = len(complaints)
    liar = "node-2"
    for number in range(1, 6):
        lies = {"leaks": ["/dev/nvidia0"], "instead": {"ens1": "mgmt0"} if liar.endswith(str(number)) else {}}
        (rack / f"lies-node-{number}.json").write_text(json.dumps(lies))
    truth = (rack / "stage.yaml").read_text()
    (rack / "stage.yaml").write_text("".join(
        line.replace("nic_rate: 200", "nic_rate: 100") if "rail-b" in line else line
        for line in truth.splitlines(keepends=True)))
    stage = Stage(rack, api.kubeconfig, "lies", ASKED.replace("pending_for: 5s", "controls: [wrong_nic]"), budget="1s")
    (rack / "stage.yaml").write_text(truth)
    code, report = stage.end()
    for number in range(1, 6):
        (rack / f"lies-node-{number}.json").unlink()
    expect(code == 1 and report["verdict"] == "fail", f"{code} {report['because']}")
    found = {one["subject"]["name"]: one for one in report["findings"]
             if one["rule"] == "X04" and one["verdict"] == "violation"}
    bound = {pod["binding"]["name"]: pod for pod in report["workloads"]["pods"]}
    bare = [name for name in found if bound[name]["workload"] == "bare"]
    wrong = [name for name in found if bound[name]["workload"] != "bare"]
    expect(len(bare) == 1 and "/dev/nvidia0" in found[bare[0]]["message"], list(found.values()))
    expect({bound[name]["binding"]["value"] for name in wrong} == {liar}, wrong)
    expect(all("mgmt0 in place of ens1" in found[name]["message"] and liar in found[name]["message"]
               for name in wrong), [found[name]["message"] for name in wrong])
    slower = controls(report)["wrong_nic"]  # rail-b is declared at half its rate, and gives as much as the other
    expect(slower["state"] == "misbehaved" and "that is not less" in slower["seen"], slower)
    secure = [one for one in report["requirements"] if one["id"] == "secure_accelerator_access"]
    expect(secure and secure[0]["verdict"] == "fail" and "/dev/nvidia0" in " ".join(secure[0]["because"]), secure)
    expect(not left_behind(api), left_behind(api))
    if len(complaints) > before:
        print(stage.output())


def an_urgent_pod_comes(api, rack):
    """The gang gives way: measuring ends within a second of it, and the report says by whom."""
    stage = Stage(rack, api.kubeconfig, "urgent", **failure_scenes.LONG)
    failure_scenes.first_pair(stage)
    goes = failure_scenes.FirstToGo(api, "plumbline.dev/workload=gang")
    made = time.time()
    apply(api, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "urgent"}, "spec": {
        "priorityClassName": "urgent", "terminationGracePeriodSeconds": 1, "nodeSelector": {"kubernetes.io/hostname": "node-2"},
        "containers": [{"name": "main", "image": "machine", "command": ["sh", "-c", "sleep 60"],
                        "resources": {"limits": {"example.com/nic": 2}}}]}})
    code, report = stage.end()
    expect(code == 2 and report["interrupted"], f"{code} {report['interruption']}")
    expect("which held the devices under test" in report["interruption"]
           and "node-2" in report["interruption"], report["interruption"])
    expect(report["workloads"]["ended"] == report["interruption"], report["workloads"]["ended"])
    failure_scenes.told_in_order(rack, report, made, "a more urgent pod, since it was made")
    expect(goes.wait().name and goes.name in report["interruption"], f"{goes.name} {report['interruption']}")
    if goes.at:
        failure_scenes.tell(rack, report, goes.at, "a more urgent pod, since the API server said who must go")
    expect(not left_behind(api), left_behind(api))
    end_pod(api, "urgent")


def a_gang_that_does_not_fit(api, rack):
    """A tenant has a node's devices: nothing is measured, and the positive control is why."""
    apply(api, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "tenant"}, "spec": {
        "terminationGracePeriodSeconds": 1, "nodeSelector": {"kubernetes.io/hostname": "node-3"},
        "containers": [{"name": "main", "image": "machine", "command": ["sh", "-c", "sleep 60"],
                        "resources": {"limits": {"example.com/nic": 1}}}]}})
    wait_for("the tenant runs", lambda: pods(api, SPACE)["tenant"]["status"]["phase"] == "Running")
    code, report = Stage(rack, api.kubeconfig, "unfit",
                         "{resources: {example.com/nic: 2}, patience: 5s}").end()
    expect(code == 2, code)
    expect(controls(report)["positive"]["state"] == "misbehaved", controls(report))
    expect("4 of 5 run" in report["interruption"] and "Unschedulable" in report["interruption"],
           report["interruption"])
    expect(not any(one["status"] == "measured" for one in report["outcomes"]), "it was measured")
    expect(not left_behind(api), left_behind(api))
    end_pod(api, "tenant")


def a_missing_right(api, rack):
    """One line names verb and resource; nothing is left of what could be made."""
    reads = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
             {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"],
              "verbs": ["create", "patch", "delete"]}]
    token = api.account("half", reads)
    code, report = Stage(rack, api.config("half", {"token": token}), "half").end()
    expect(code == 2, code)
    expect('cannot create resource "secrets"' in report["interruption"], report["interruption"])
    expect(not left_behind(api), left_behind(api))


def told_to_end(api, rack):
    stage = Stage(rack, api.kubeconfig, "told", budget="20s")
    stage.wait_to_measure()
    stage.process.send_signal(signal.SIGTERM)
    start = time.monotonic()
    code, report = stage.end()
    print(f"ended {time.monotonic() - start:.1f} s after SIGTERM")
    expect(code == 2 and "SIGTERM" in report["interruption"], report["interruption"])
    expect(not left_behind(api), left_behind(api))


def killed(api, rack):
    """What it made stays until its Lease has expired and somebody sweeps; a run that lives is not swept."""
    stage = Stage(rack, api.kubeconfig, "killed", budget="20s")
    stage.wait_to_measure()
    alive = failure_scenes.sweep(api)
    expect(alive == [], alive)
    stage.process.kill()
    stage.process.wait()
    runs = {item["metadata"]["labels"][RUN]
            for item in api.ask("GET", "/apis/batch/v1/namespaces/plumbline/jobs")["items"]}
    expect(len(runs) == 1 and left_behind(api), f"{runs} {left_behind(api)}")
    for run in runs:
        age_lease(api, run)
    swept = failure_scenes.sweep(api)
    expect([(one["run"], one["left"]) for one in swept] == [(run, []) for run in runs], swept)
    expect(not left_behind(api), left_behind(api))


def age_lease(api, run):
    """The Lease as it is a minute later; with PLUMBLINE_BY_THE_CLOCK that minute is waited for."""
    path = f"/apis/coordination.k8s.io/v1/namespaces/{SPACE}/leases/plumbline-{run}"
    lease = api.ask("GET", path)
    if os.environ.get("PLUMBLINE_BY_THE_CLOCK"):
        time.sleep(2 * lease["spec"]["leaseDurationSeconds"] + 1)
        return
    earlier = time.gmtime(time.time() - 2 * lease["spec"]["leaseDurationSeconds"] - 1)
    lease["spec"]["renewTime"] = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", earlier)
    api.ask("PUT", path, lease)


def inside(rack):
    rack = pathlib.Path(rack)
    with rack_cluster(rack, for_agents=True) as api:
        make_room(api)
        chosen = os.environ.get("PLUMBLINE_SCENES", "").split()
        # The last one's agents stay reserved for a while.
        scenes = (a_missing_right, a_whole_stage, a_gang_of_one_rack, a_plugin_lies, told_to_end, a_gang_that_does_not_fit,
                  *collective_scenes.SCENES, an_urgent_pod_comes, *failure_scenes.SCENES, killed)
        by_hand = [one for one in failure_scenes.BY_HAND if one.__name__ in chosen]
        for scene in (*by_hand, *scenes):
            if chosen and scene.__name__ not in chosen:
                continue
            start = time.monotonic()
            try:
                scene(api, rack)
            finally:
                for process in started:
                    process.kill()  # of a scene that failed
            print(f"{scene.__name__}: {time.monotonic() - start:.1f} s", flush=True)
    conclude()


if len(sys.argv) > 1:
    inside(sys.argv[1])
else:
    skip_without_rights()
    run_inside(__file__, agents=True)
