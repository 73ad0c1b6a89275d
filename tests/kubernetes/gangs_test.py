#!/usr/bin/env python3
"""Gangs and what makes them, live: a scheduler that knows gangs and one that does not, each kind of workload where its
controller is installed and one line where it is not, and claims that a server drops."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

from cluster import ROOT, conclude, expect
from placed_stage import SPACE, controls, left_behind, requirement, run_stage
from rack_cluster import apply, rack_cluster, run_inside, skip_without_rights, wait_for

CONTROLLERS = ROOT / "tests/support/kubernetes/controllers"
sys.path.insert(0, str(CONTROLLERS))

import kinds  # noqa: E402  (its folder was added just now)

THREE = ("node-1", "node-2", "node-3")
@contextlib.contextmanager
def controllers(api):
    """Those of JobSet, MPIJob and TrainJob, until the end of the block."""
    with open(api.run / "played-controllers.log", "wb") as log:
        program = subprocess.Popen([sys.executable, "-B", CONTROLLERS, api.server, api.run / "pki"], stdout=log, stderr=log)
        try:
            yield
        finally:
            program.terminate()
            program.wait()
            said = (api.run / "played-controllers.log").read_text()
            expect("Traceback" not in said, said[-2000:])


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


def what_is_not_installed(api, rack):
    """One line a kind that is not served: its key, its name and its API. Nothing is made."""
    for kind, path in (("JobSet", "/apis/jobset.x-k8s.io/v1alpha2"), ("MPIJob", "/apis/kubeflow.org/v2beta1"),
                       ("TrainJob", "/apis/trainer.kubeflow.org/v1alpha1")):
        code, report, _ = run_stage(api, rack, "no-" + kind, f"{{kind: {kind}}}", THREE)
        expect(code == 2 and f"workloads.kind: the API server does not serve {kind} ({path})"
               in report["interruption"], report["interruption"])
    code, report, _ = run_stage(api, rack, "no-dra", "{claims: [{name: nics, class: dra.net}]}", THREE)
    expect(code == 2 and "workloads.claims: the API server does not serve resource.k8s.io" in report["interruption"],
           report["interruption"])
    expect(not left_behind(api), left_behind(api))


def least_rights(api):
    """The account of overlay stage-workloads, for every stage from now on; the admin's where there is no kubectl."""
    if not shutil.which("kubectl"):
        return
    for file in ("base/read-claims.yaml", "overlays/stage-workloads/rights.yaml"):
        subprocess.run(["kubectl", "--kubeconfig", api.kubeconfig, "apply", "--validate=false", "-n", SPACE, "-f",
                        ROOT / "deploy/kubernetes" / file], check=True, stdout=subprocess.DEVNULL)
    answer = api.create(f"/api/v1/namespaces/{SPACE}/serviceaccounts/plumbline-stage/token", {
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}})
    api.kubeconfig = api.config("stage", {"token": answer["status"]["token"]})


def all_is_installed(api, _):
    """Kinds first: whoever collects what has lost its owner looks for new kinds twice a minute."""
    least_rights(api)
    for kind in (kinds.COSCHEDULING, kinds.VOLCANO, kinds.JOB_SETS, kinds.MPI_JOBS, kinds.TRAIN_JOBS,
                 kinds.RUNTIMES, kinds.CLAIM_TEMPLATES):
        api.define(*kind[:4], spec=kind[4])
    api.start_gangs()


def a_field_that_is_dropped(api, rack):
    """This server knows no spec.resourceClaims: pods that asked by DRA hold nothing, and nothing is measured."""
    code, report, _ = run_stage(api, rack, "dra", "{claims: [{name: nics, class: dra.net}], controls: [oversized], "
                                "pending_for: 2s}", THREE[:2])
    expect(code == 2 and "the API server did not keep spec.resourceClaims of pod plumbline/plumbline-"
           in report["interruption"], report["interruption"])
    expect(requirement(report, "gang_scheduling")["verdict"] == "inconclusive"
           and not any(one["status"] == "measured" for one in report["outcomes"]), report["requirements"])
    expect(not left_behind(api), left_behind(api))


def made_by(api, rack, kind, more, look):
    """A stage whose pods this kind makes, seen while it runs: the pods measure, and nothing is left."""
    seen = []

    def meanwhile():
        seen.append(wait_for(f"a {kind} runs", look, 40))

    code, report, said = run_stage(api, rack, kind, f"{{kind: {kind}, resources: {{example.com/nic: 2}}, isolation: false, {more}}}",
                                   THREE[:2], meanwhile, measure=True)
    expect(not report["interrupted"] and report["workloads"]["kind"] == kind
           and controls(report).get("positive") == "behaved", f"{code} {report['because']}\n{said[-3000:]}")
    expect({pod["rank"] for pod in gang(report)} == {0, 1}, gang(report))
    placed = [one for one in report["outcomes"] if one["probe"] == "placed_goodput"]
    expect(len(placed) == 1 and all(one["status"] == "measured" for one in placed),
           [one.get("reason") or one.get("error") for one in placed] or said[-3000:])
    expect(not left_behind(api), left_behind(api))
    return report, seen[0] if seen else {}


def one_of(api, path):
    """The only object of a collection, once its status says that it runs."""
    return next((item for item in api.items(path) if item.get("status")), None)


def a_job_set_makes_them(api, rack):
    """In a PodGroup of Volcano, which nobody here reads: the server takes it, and the pods name it."""
    path = "/apis/jobset.x-k8s.io/v1alpha2/namespaces/plumbline/jobsets"

    def look():
        item = one_of(api, path)
        return item and item["status"]["replicatedJobsStatus"][0]["ready"] and {
            "groups": api.items("/apis/scheduling.volcano.sh/v1beta1/namespaces/plumbline/podgroups"),
            "pods": api.items("/api/v1/namespaces/plumbline/pods"),
            "services": api.items("/api/v1/namespaces/plumbline/services")}
    _, seen = made_by(api, rack, "JobSet", "gang: volcano, controls: []", look)
    members = [pod for pod in seen["pods"] if "jobset.sigs.k8s.io/job-key" in pod["metadata"]["labels"]]
    group = seen["groups"][0]
    expect(group["spec"]["minMember"] == 2 and len(members) == 2 and {
        pod["metadata"]["annotations"]["scheduling.k8s.io/group-name"] for pod in members} == {group["metadata"]["name"]},
        seen["groups"])
    expect({pod["spec"]["subdomain"] for pod in members} == {seen["services"][0]["metadata"]["name"]}, members)


def an_mpi_job_makes_them(api, rack):
    """Its launcher holds nothing and lives as long; a gang of its workers alone."""
    path = "/apis/kubeflow.org/v2beta1/namespaces/plumbline/mpijobs"

    def look():
        item = next((one for one in api.items(path) if one["metadata"]["name"].endswith("-gang")), {})
        told = [one["type"] for one in item.get("status", {}).get("conditions", [])]
        return "Running" in told and {"pods": api.items("/api/v1/namespaces/plumbline/pods"), "told": told}
    report, seen = made_by(api, rack, "MPIJob", "scheduler: gang-scheduler, gang: coscheduling, "
                           "controls: [oversized], pending_for: 3s", look)
    expect(controls(report)["oversized"] == "behaved" and not any(
        pod["binding"]["value"] for pod in gang(report, "oversized")), report["workloads"]["controls"])
    launcher = [pod for pod in seen["pods"] if pod["spec"].get("hostname", "").endswith("-gang-launcher")]
    expect(len(launcher) == 1 and launcher[0]["metadata"]["labels"]["training.kubeflow.org/job-role"] == "launcher"
           and "scheduling.x-k8s.io/pod-group" not in launcher[0]["metadata"]["labels"], launcher)
    expect("Failed" not in seen["told"], seen["told"])


def a_train_job_makes_them(api, rack):
    path = "/apis/trainer.kubeflow.org/v1alpha1/namespaces/plumbline/trainjobs"

    def look():
        item = one_of(api, path)
        return item and any(one["ready"] for one in item["status"].get("jobsStatus", []))
    made_by(api, rack, "TrainJob", "controls: []", look)


SCENES = (no_gangs_here, what_is_not_installed, all_is_installed, whole_or_not_at_all, a_part_of_it, nothing_tried,
          a_field_that_is_dropped, a_job_set_makes_them, an_mpi_job_makes_them, a_train_job_makes_them)


def inside(rack):
    rack = pathlib.Path(rack)
    with rack_cluster(rack, for_agents=True) as api, controllers(api):
        apply(api, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
        apply(api, {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass",
                    "metadata": {"name": "plumbline-measures"}, "value": -1000})
        account = f"/api/v1/namespaces/{SPACE}/serviceaccounts/default"
        wait_for("the account has a token", lambda: api.ask("GET", account).get("secrets"))
        chosen = os.environ.get("PLUMBLINE_SCENES", "").split()
        for scene in SCENES:
            if chosen and scene.__name__ not in chosen and scene is not all_is_installed:
                continue
            start = time.monotonic()
            scene(api, rack)
            print(f"{scene.__name__}: {time.monotonic() - start:.1f} s", flush=True)
    conclude()


if len(sys.argv) > 1:
    inside(sys.argv[1])
else:
    skip_without_rights()
    run_inside(__file__, agents=True)
