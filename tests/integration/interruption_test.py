#!/usr/bin/env python3
"""SIGTERM in the middle of a stage, and a deadline that passes: the report is written, says so, and is no pass;
no probe is left behind and the agents serve the next stage."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import stage_support
from stage_support import stage_command

PROBES_GONE_S = 3


def terminate_at(command, step):
    """Sends SIGTERM to the stage when it comes to the step; its exit code and what it wrote."""
    stage = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    log = []
    for line in stage.stderr:
        log.append(line)
        if step in line:
            stage.send_signal(signal.SIGTERM)
            break
    rest, more = stage.communicate(timeout=60)
    return stage.returncode, rest + "".join(log) + more


def probes():
    """Running probes of this build; another rack on the machine may have its own."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            program = os.readlink(folder / "exe")
        except OSError:
            continue
        if program == f"{stage_support.BUILD}/bin/plumbline-probe":
            found.append(folder.name)
    return found


def gone(before):
    """True as soon as no probe is left that was not there before; agents end theirs within a second."""
    end = time.monotonic() + PROBES_GONE_S
    while set(probes()) - before:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def check_interrupted(code, output, results, word):
    run = stage_support.Run(code, output, results)
    run.check(run.code == 2, f"exit code {run.code}")
    run.check(run.report["interrupted"], "the report does not say that it was interrupted")
    run.check(word in run.report["interruption"], run.report["interruption"])
    run.check(run.report["coverage"]["pairs"] < 1, run.report["coverage"])
    skipped = [one for one in run.report["outcomes"] if one["status"] == "skipped"]
    run.check(any("ended early" in one["reason"] for one in skipped), "nothing says why it is missing")
    run.check((run.results / "report.html").exists(), "no report.html")
    return run


def main():
    first, second = (tempfile.mkdtemp(prefix="plumbline-end-test-") for _ in range(2))
    try:
        with stage_support.rack() as (directory, _):
            before = set(probes())
            code, output = terminate_at(stage_command(directory, first), "goodput: ")
            run = check_interrupted(code, output, first, "SIGTERM")
            run.check(gone(before), "a probe was left running")
            stage_file = directory / "stage.yaml"
            stage_file.write_text(stage_file.read_text().replace("deadline: 10m", "deadline: 12s"))
            late = subprocess.run(stage_command(directory, second), text=True, check=False,
                                  capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
            other = check_interrupted(late.returncode, late.stdout + late.stderr, second, "deadline")
            measured = [one for one in other.report["outcomes"] if one["status"] == "measured"]
            other.check(measured, "the agents did not serve the second stage")
        run.complaints += other.complaints
        run.end()
    finally:
        shutil.rmtree(first, ignore_errors=True)
        shutil.rmtree(second, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
