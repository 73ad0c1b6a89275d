#!/usr/bin/env python3
"""kill -9 of the stage in the middle of its steps, again and again, then --resume to the end: the same verdict
and culprit as an undisturbed stage, the journal intact, nothing measured twice."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import stage_support
from stage_support import accused, stage_command

FAULT, CULPRIT = "slow-nic", "node-3/ens1"
KILL_AT = ("loopback_latency: node-4", "goodput: ", "goodput again", "latency: node-1-node-4",
           "all_reduce: rack-2")


def run_until(command, step):
    """Starts the stage and kills it with SIGKILL as soon as it says that this step begins; False when the
    stage ended before."""
    # A process group of its own, so that the stage is reached through the command that entered the node.
    stage = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE, text=True, start_new_session=True)
    reached = False
    for line in stage.stderr:
        if step in line:
            time.sleep(0.3)  # into the middle of the step
            os.killpg(stage.pid, signal.SIGKILL)
            reached = True
            break
    stage.stderr.close()
    stage.wait()
    return reached


def journal(results):
    return [json.loads(line) for line in
            pathlib.Path(results, "journal.jsonl").read_text().splitlines()]


def kept(results):
    """What is finished: identity and part of the stage."""
    return [(entry["pass"], entry["outcome"]["probe"], json.dumps(entry["outcome"]["from"]),
             json.dumps(entry["outcome"]["to"]), json.dumps(entry["outcome"]["parameters"]))
            for entry in journal(results) if entry["entry"] == "outcome"]


def main():
    complaints = []
    results = tempfile.mkdtemp(prefix="plumbline-resume-test-")
    try:
        with stage_support.rack(FAULT) as (directory, _):
            run_id = None
            for step in KILL_AT:
                before = kept(results) if run_id else []
                reached = run_until(stage_command(directory, results, "--resume"), step)
                if not reached:
                    complaints.append(f"the stage ended before it came to {step!r}")
                start = journal(results)[0]
                run_id = run_id or start["run_id"]
                if start["run_id"] != run_id:
                    complaints.append("a resumed stage took another run id")
                if kept(results)[:len(before)] != before:
                    complaints.append(f"the journal was rewritten at {step!r}")
            last = subprocess.run(stage_command(directory, results, "--resume"), text=True,
                                  capture_output=True, check=False, stdin=subprocess.DEVNULL)
        run = stage_support.Run(last.returncode, last.stdout + last.stderr, results)
        finished = kept(results)
        run.complaints += complaints
        run.check(len(finished) == len(set(finished)), "something was measured twice")
        run.check(run.code == 1, f"exit code {run.code}")
        run.check(run.report["run_id"] == run_id, "the report has another run id")
        first = run.report["findings"][0]["subject"]
        run.check(first["name"] == CULPRIT, first)
        run.check(all(one["name"] == CULPRIT for one in accused(run.report)), accused(run.report))
        run.end()
    finally:
        shutil.rmtree(results, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
