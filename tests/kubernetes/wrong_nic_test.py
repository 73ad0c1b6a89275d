#!/usr/bin/env python3
"""On a rack with one rail that is really slower: pods bound to its NICs get less than bound to the other, and the control
says that they do."""

import pathlib
import sys

from cluster import complaints, conclude, expect
from rack_cluster import rack_cluster, run_inside, skip_without_rights
from stage_scenes import ASKED, Stage, controls, left_behind, make_room

SLOW = 60  # Mb/s of rail-b; rail-a has 200


def inside(rack):
    rack = pathlib.Path(rack)
    with rack_cluster(rack, for_agents=True) as api:
        make_room(api)
        stage = Stage(rack, api.kubeconfig, "wrong-nic",
                      ASKED.replace("pending_for", "controls: [misaligned, wrong_nic], pending_for"), budget="4s")
        code, report = stage.end()
        expect(code == 0 and report["verdict"] == "pass", f"{code} {report['because']}")
        judged = controls(report)
        expect({name: one["state"] for name, one in judged.items()}
               == {"positive": "behaved", "misaligned": "behaved", "wrong_nic": "behaved"}, judged)
        print(judged["wrong_nic"]["seen"], judged["misaligned"]["seen"], sep="\n")
        expect("over rail-b" in judged["wrong_nic"]["evidence"][0]
               and "over rail-a" in judged["wrong_nic"]["evidence"][1], judged["wrong_nic"])
        placed = {rail: [one["value"] for one in report["outcomes"] if one["probe"] == "placed_goodput"
                         and one["status"] == "measured" and one["from"]["rail"] == rail]
                  for rail in ("rail-a", "rail-b")}
        expect(placed["rail-b"] and max(placed["rail-b"]) < SLOW * 1e6 / 8, placed)
        expect(not left_behind(api), left_behind(api))
        if complaints:
            print(stage.output())
    conclude()


if len(sys.argv) > 1:
    inside(sys.argv[1])
else:
    skip_without_rights()
    run_inside(__file__, agents=True, up=("--rate", f"rail-b={SLOW}"))
