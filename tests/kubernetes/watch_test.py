#!/usr/bin/env python3
"""`plumbline check --kubeconfig FILE --watch` against a real API server: what changes is judged as it comes, a deleted
object too, through a restart of the server in mid-watch; a right that is missing is told and the rest goes on."""

import json
import os
import signal
import subprocess
import threading
import time

from cluster import PROGRAM, cluster, complaints, conclude, plumbline

GROUPS = "/apis/scheduling.x-k8s.io/v1alpha1/namespaces/default/podgroups"
class Follower:
    """A running `check --watch -o json`: the reports that it printed so far."""

    def __init__(self, config):
        self.child = subprocess.Popen(
            [PROGRAM, "check", "--kubeconfig", str(config), "--watch", "200", "-o", "json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.reports = []
        self.more = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            with self.more:
                self.reports.append(json.loads(line))
                self.more.notify_all()

    def wait(self, truth, what):
        """Waits for a report of which `truth` holds."""
        end = time.monotonic() + 60
        with self.more:
            while time.monotonic() < end:
                if self.reports and truth(self.reports[-1]["findings"]):
                    return
                self.more.wait(1)
        last = [(f["rule"], f["verdict"], f["message"][:150]) for f in self.reports[-1]["findings"]] \
            if self.reports else []
        complaints.append(f"never seen: {what}; last {last}")

    def end(self):
        self.child.send_signal(signal.SIGTERM)
        try:
            _, err = self.child.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.child.kill()
            complaints.append("SIGTERM does not end the watch")
            return ""
        return err


def has(found, rule, verdict):
    return any(f["rule"] == rule and f["verdict"] == verdict for f in found)


def pod(api, number):
    api.create("/api/v1/namespaces/default/pods", {
        "metadata": {"name": f"p{number}", "labels": {"scheduling.x-k8s.io/pod-group": "g"}},
        "spec": {"nodeName": f"n{number}", "automountServiceAccountToken": False,
                 "containers": [{"name": "c", "image": "i"}]}})


def fill(api):
    api.create("/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})
    for number in range(3):
        api.create("/api/v1/nodes", {"metadata": {
            "name": f"n{number}", "labels": {"example.com/rack": f"r{number // 2}"}}})
    api.define("scheduling.x-k8s.io", "v1alpha1", "PodGroup", "podgroups")
    api.create(GROUPS, {"apiVersion": "scheduling.x-k8s.io/v1alpha1", "kind": "PodGroup",
                        "metadata": {"name": "g"}, "spec": {"minMember": 3}})
    for number in range(2):
        pod(api, number)


def follows(api):
    follower = Follower(api.kubeconfig)
    follower.wait(lambda found: has(found, "X13", "violation"), "a gang of two where three are needed")
    pod(api, 2)
    follower.wait(lambda found: has(found, "X13", "match"), "the third member, as it comes")
    api.restart()
    api.ask("DELETE", "/api/v1/namespaces/default/pods/p0?gracePeriodSeconds=0")
    follower.wait(lambda found: has(found, "X13", "violation"),
                  "a member deleted after the server's restart")
    follower.wait(lambda found: not has(found, "claims", "unobservable"),
                  "nothing left to say of the server that was away")
    said = follower.end()
    if follower.child.returncode != 1:
        complaints.append(f"a watch ends with its last verdict: {follower.child.returncode} {said}")
    if not 2 <= len(follower.reports) <= 30:
        complaints.append(f"{len(follower.reports)} reports for three changes")


def told_in_words(api):
    """As text: the report, then one line a change."""
    child = subprocess.Popen([PROGRAM, "check", "--kubeconfig", str(api.kubeconfig), "--watch", "25"],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                             env={**os.environ, "TERM": "dumb"})
    time.sleep(6)
    pod(api, 0)
    out, _ = child.communicate(timeout=60)
    lines = out.splitlines()
    if not any(" gone violation X13" in line for line in lines):
        complaints.append(f"the finding that went is not told: {lines[-5:]}")


def knows_rights(api):
    list_only = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["list"]}]
    follower = Follower(api.config("listing", {"token": api.account("listing", list_only)}))
    follower.wait(lambda found: any("right to watch pods" in e["value"] for f in found
                                    if f["rule"] == "claims" for e in f["evidence"]),
                  "the right to watch that is missing")
    follower.end()


def main():
    with cluster() as api:
        fill(api)
        follows(api)
        told_in_words(api)
        knows_rights(api)
        code, _, err = plumbline("check", api.run, "--watch", "5")
        if code != 64 or "--watch needs" not in err:
            complaints.append(f"a bundle cannot be watched: {code} {err}")
    conclude()


main()
