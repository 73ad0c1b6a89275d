"""Runs whole stages for the tests beside it and collects what is wrong with them."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = os.environ.get("PLUMBLINE_BUILD", str(ROOT / "build" / "ci"))
SKIP = 77
STAGE_S = 500


def skip_without_rack():
    """Leaves with ctest's skip code where no rack can be raised or a program is missing."""
    for program in ("plumbline", "plumbline-probe", "plumbline-rank-mpi", "stand-in-kubelet"):
        if not pathlib.Path(BUILD, "bin", program).exists():
            print(f"skipped: {program} was not built")
            sys.exit(SKIP)
    attempt = subprocess.run(["unshare", "-n", "true"] if os.geteuid() == 0 else
                             ["unshare", "-Urnm", "true"], capture_output=True, check=False)
    if attempt.returncode != 0:
        print("skipped: no right to make network namespaces")
        sys.exit(SKIP)


def accused(report):
    """Subjects of every finding that says something is wrong, ambiguity sets included."""
    return [subject for finding in report["findings"]
            if finding["verdict"] in ("violation", "drift", "degraded")
            for subject in [finding["subject"], *finding["ambiguity"]]]


def not_measured(report):
    return [outcome for outcome in report["outcomes"] if outcome["status"] != "measured"]


class Run:
    """One stage's end: its exit code, what it printed, its report, and the complaints about it."""

    def __init__(self, code, output, results):
        self.code, self.output, self.results = code, output, pathlib.Path(results)
        self.complaints = []
        path = self.results / "report.json"
        self.report = json.loads(path.read_text()) if path.exists() else None
        if self.report is None:
            print(output)
            sys.exit(f"no report.json in {results}")

    def check(self, holds, what):
        if not holds:
            self.complaints.append(str(what))

    def end(self):
        """Passes, or fails with all complaints and what the stage printed."""
        if self.complaints:
            print(self.output[-12000:])
            sys.exit("\n".join(["complaints:", *self.complaints]))
        print(self.output[-3000:])


@contextlib.contextmanager
def demo(fault, *options):
    """deploy/demo with the test's own build."""
    skip_without_rack()
    results = tempfile.mkdtemp(prefix="plumbline-demo-test-")
    command = [ROOT / "deploy" / "demo", "--build", BUILD, "--results", results, *options]
    if fault:
        command += ["--fault", fault]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=STAGE_S,
                               stdin=subprocess.DEVNULL, check=False)
        yield Run(ended.returncode, ended.stdout + ended.stderr, results)
    finally:
        shutil.rmtree(results, ignore_errors=True)


@contextlib.contextmanager
def rack(fault=None, *up):
    """A rack of its own: gives run(command, ...) for deploy/rack and its directory. `up` are more
    words for its raising."""
    skip_without_rack()
    folder = tempfile.mkdtemp(prefix="plumbline-rack-test-")
    directory = pathlib.Path(folder, "rack")

    def call(*words):
        return subprocess.run([ROOT / "deploy" / "rack", "--dir", directory, *words], text=True,
                              capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout
    try:
        call("up", "--build", BUILD, *up)
        if fault:
            call("fault", fault)
        yield directory, call
    finally:
        subprocess.run([ROOT / "deploy" / "rack", "--dir", directory, "down"], check=False,
                       capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def stage_command(directory, results, *options):
    """The stage on a rack, as a command to be started."""
    return [ROOT / "deploy" / "rack", "--dir", directory, "exec", "control", "--",
            f"{BUILD}/bin/plumbline", "stage", "-f", directory / "stage.yaml",
            "--results", results, "--mpi-agent", directory / "mpi-agent", *options]
