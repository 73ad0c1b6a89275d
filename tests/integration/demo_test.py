#!/usr/bin/env python3
"""deploy/demo, healthy or with one fault: the exit code, the culprit, and that nothing healthy is accused."""

import sys

import stage_support
from stage_support import accused, not_measured

# What the first finding must be about, and the nodes that may be accused besides.
CULPRITS = {
    "slow-nic": ("nic", "node-3/ens1"),
    "slow-uplink": ("uplink", "rack-2/rail-a"),
    "dead-link": ("link", "node-3/ens1"),
    "flapping-link": ("link", "node-3/ens1"),
    "lossy-link": ("link", "node-3/ens1"),
    "lying-label": ("label", "node-4"),
    "wrong-slice": ("slice", "node-3"),
    "foreign-device": ("pod", "tenant/loader-0"),
    "split-gang": ("gang", "plumbline/gang"),
}
# What the first outcome that was not measured must name.
UNMEASURED = {
    "dead-agent": "node-5",
    "hung-probe": "node-5",
    "busy-device": "tenant/trainer-0",
}


def names(subject, kind, name):
    """A label is known by its node, a slice by the node it describes; a link by its NIC as well."""
    kinds = ("link", "nic") if kind in ("link", "nic") else (kind,)
    return subject["kind"] in kinds and name in (subject["name"], subject.get("node"))


def check_healthy(run):
    run.check(run.code == 0, f"exit code {run.code}")
    run.check(run.report["verdict"] == "pass", run.report["because"])
    run.check(set(run.report["coverage"].values()) == {1.0}, run.report["coverage"])
    run.check(not accused(run.report), accused(run.report))
    run.check(not not_measured(run.report), not_measured(run.report)[:1])


def check_culprit(run, fault):
    kind, name = CULPRITS[fault]
    run.check(run.code == 1, f"exit code {run.code}")
    first = run.report["findings"][0]
    run.check(names(first["subject"], kind, name), first["subject"])
    run.check(not first["ambiguity"] or len(first["ambiguity"]) == 1, first["ambiguity"])
    healthy = [one for one in accused(run.report) if not names(one, kind, name)]
    run.check(not healthy, healthy)
    run.check(first["message"] and first["next_step"] and first["evidence"], first)


def check_unmeasured(run, fault):
    run.check(run.code == 2, f"exit code {run.code}")
    missing = not_measured(run.report)
    run.check(missing, "everything was measured")
    first = run.report["outcomes"][0]
    run.check(first == missing[0], "the first outcome is a measured one")
    run.check(UNMEASURED[fault] in first["reason"] + first.get("blamed", ""), first)
    run.check(not accused(run.report), accused(run.report))


def main():
    fault = sys.argv[1]
    options = [] if fault == "healthy" else ["--quick"]
    with stage_support.demo(None if fault == "healthy" else fault, *options) as run:
        if fault == "healthy":
            check_healthy(run)
        elif fault in CULPRITS:
            check_culprit(run, fault)
        else:
            check_unmeasured(run, fault)
        run.end()


if __name__ == "__main__":
    main()
