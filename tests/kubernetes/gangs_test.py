#!/usr/bin/env python3
"""Gangs and what makes them, live: a scheduler that knows gangs and one that does not, each kind of workload where its
controller is installed and one line where it is not, and claims that a server drops."""

import os
import pathlib
import sys
import time

from placed_stage import SPACE, controls, left_behind, requirement, run_stage
from rack_cluster import apply, rack_cluster, run_inside, skip_without_rights, wait_for

THREE = ("node-1", "node-2", "node-3")
complaints = []


def expect(truth, what):
    if not truth:
        complaints.append(str(what))


def gang(report, name="gang"):
    return [pod for pod in report["workloads"]["pods"] if pod["workload"] == name]


def no_gangs_here(api, rack):
    """The kind of PodGroup is not served: one line says so, and nothing is made."""
    code, report, _ = run_stage(api, rack, "no-groups", "{resources: {example.com/nic: 2}, gang: coscheduling}", THREE)
    expect(code == 2 and "workloads.gang: the API server does not serve PodGroup "
           "(/apis/scheduling.x-k8s.io/v1alpha1)" in report["interruption"], report["interruption"])
    expect(not left_behind(api), left_behind(api))


def whole_or_not_at_all(api, rack):
    """By a scheduler that knows gangs: one that fits is placed whole, of one that does not no pod ever."""
    api.define("scheduling.x-k8s.io", "v1alpha1", "PodGroup", "podgroups")
    api.start_gangs()
    code, report, said = run_stage(
        api, rack, "gang", "{resources: {example.com/nic: 2}, scheduler: gang-scheduler, "
        "gang: coscheduling, controls: [oversized], pending_for: 4s, patience: 30s}", THREE)
    expect(code == 2 and not report["interrupted"]
           and controls(report) == {"positive": "behaved", "oversized": "behaved"},
           f"{code} {report['because']} {report['workloads']['controls']}\n{said[-3000:]}")
    placed, waited = gang(report), gang(report, "oversized")
    expect(sorted(pod["binding"]["value"] for pod in placed) == list(THREE)
           and {pod["scheduler"] for pod in placed} == {"gang-scheduler"}, placed)
    expect(len(waited) == 4 and not any(pod["binding"]["value"] for pod in waited), waited)
    told = requirement(report, "gang_scheduling")
    expect(told["verdict"] == "pass" and told["level"] == "MUST", told)
    expect(not left_behind(api), left_behind(api))


def a_part_of_it(api, rack):
    """The default scheduler binds what fits of a gang that does not: the requirement fails, and names the pods."""
    code, report, _ = run_stage(api, rack, "part", "{resources: {example.com/nic: 2}, "
                                "controls: [oversized], pending_for: 4s, patience: 30s}", THREE)
    expect(code == 2 and controls(report) == {"positive": "behaved", "oversized": "misbehaved"},
           f"{code} {report['workloads']['controls']}")
    told = requirement(report, "gang_scheduling")
    bound = [pod for pod in gang(report, "oversized") if pod["binding"]["value"]]
    expect(told["verdict"] == "fail" and bound and all(
        word in told["because"][0] for word in (f"{len(bound)} of 4 pods were bound",
                                                bound[0]["binding"]["name"], "default-scheduler")), told)
    expect(not left_behind(api), left_behind(api))


def nothing_tried(api, rack):
    """A gang that ran says nothing of one that does not fit."""
    code, report, _ = run_stage(api, rack, "untried",
                                "{resources: {example.com/nic: 2}, controls: [], patience: 30s}", THREE[:2])
    told = requirement(report, "gang_scheduling")
    expect(code == 2 and told["verdict"] == "inconclusive"
           and "the oversized control was not made" in told["because"][-1], told)


SCENES = (no_gangs_here, whole_or_not_at_all, a_part_of_it, nothing_tried)


def inside(rack):
    rack = pathlib.Path(rack)
    with rack_cluster(rack, for_agents=True) as api:
        apply(api, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
        apply(api, {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
                    "metadata": {"name": "plumbline-measures"}, "value": -1000})
        account = f"/api/v1/namespaces/{SPACE}/serviceaccounts/default"
        wait_for("the account has a token", lambda: api.ask("GET", account).get("secrets"))
        chosen = os.environ.get("PLUMBLINE_SCENES", "").split()
        for scene in SCENES:
            if chosen and scene.__name__ not in chosen:
                continue
            start = time.monotonic()
            scene(api, rack)
            print(f"{scene.__name__}: {time.monotonic() - start:.1f} s", flush=True)
    for complaint in complaints:
        print(complaint)
    sys.exit(1 if complaints else 0)


if len(sys.argv) > 1:
    inside(sys.argv[1])
else:
    skip_without_rights()
    run_inside(__file__, agents=True)
