#!/usr/bin/env python3
"""deploy/demo with a pretended rack and a pretended plumbline, which write down what is asked of them."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).parents[2]

RACK = """#!/usr/bin/env bash
echo "$1 ${*:2}" >>"$(dirname "$0")/../calls"
case $1 in
    up) [[ ! -e $(dirname "$0")/../up-fails ]] && mkdir -p "$3/nodes/node-1" &&
        echo hello >"$3/nodes/node-1/agent.log" ;;
    fault) [[ $2 != --list ]] || printf 'slow-nic   a slow NIC\\ndead-link  a cut link\\n' ;;
    exec) while [[ $1 != -- ]]; do shift; done; shift; exec "$@" ;;
esac
"""

STAGE = """#!/usr/bin/env bash
while [[ $1 != --results ]]; do shift; done
results=$2
trap 'echo interrupted >"$results/report.html"; exit 2' TERM
touch "$results/started"
for _ in $(seq "$(cat "$(dirname "$0")/../tenths")"); do sleep 0.1; done
echo done >"$results/report.html"
exit "$(cat "$(dirname "$0")/../code")"
"""


def script(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


class Demo(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)
        for name in ("demo", "common.sh"):
            (self.top / "deploy").mkdir(exist_ok=True)
            shutil.copy(ROOT / "deploy" / name, self.top / "deploy" / name)
        # The right to make namespaces is not what is tested here.
        with (self.top / "deploy/common.sh").open("a") as common:
            common.write("can_raise_a_rack() { true; }\n")
        script(self.top / "deploy/rack", RACK)
        script(self.top / "build/bin/plumbline", STAGE)
        self.stage(code=0)
        self.results = self.top / "results"

    def stage(self, code, tenths=0):
        (self.top / "build/code").write_text(str(code))
        (self.top / "build/tenths").write_text(str(tenths))

    def start(self, *arguments):
        call = [self.top / "deploy/demo", "--build", self.top / "build", "--results", self.results]
        temporary = self.top / "tmp"
        temporary.mkdir(exist_ok=True)
        return subprocess.Popen([*call, *arguments], env={**os.environ, "TMPDIR": str(temporary)},
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)

    def demo(self, *arguments):
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=30)
        return process.returncode, output

    def calls(self):
        path = self.top / "calls"
        return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []

    def assert_clean(self):
        self.assertEqual(self.calls()[-1], "down")
        self.assertEqual(list((self.top / "tmp").iterdir()), [])

    def test_a_healthy_rack_passes_and_the_report_is_named(self):
        code, output = self.demo()
        self.assertEqual(code, 0, output)
        self.assertIn(f"{self.results}/report.html", output)
        self.assertEqual(self.calls(), ["up", "exec", "down"])
        self.assertEqual((self.results / "logs/agent-node-1.log").read_text(), "hello\n")
        self.assert_clean()

    def test_the_code_is_the_stages(self):
        for expected in (1, 2, 70):
            self.stage(code=expected)
            self.assertEqual(self.demo("--fault", "slow-nic")[0], expected)
            self.assert_clean()
        self.assertIn("fault slow-nic", (self.top / "calls").read_text())

    def test_an_unknown_fault_is_a_usage_error_that_lists_the_faults(self):
        code, output = self.demo("--fault", "bad-luck")
        self.assertEqual(code, 64)
        self.assertIn("slow-nic dead-link", output)
        self.assertNotIn("up", self.calls())

    def test_a_missing_value_and_an_unknown_argument_are_usage_errors(self):
        self.assertEqual(self.demo("--fault")[0], 64)
        self.assertEqual(self.demo("everything")[0], 64)
        self.assertEqual(self.demo("--help")[0], 0)

    def test_a_rack_that_does_not_come_up_is_taken_down(self):
        (self.top / "up-fails").touch()
        code, output = self.demo()
        self.assertEqual(code, 70, output)
        self.assert_clean()

    def test_an_interrupt_lets_the_stage_write_its_report(self):
        for sent in (signal.SIGINT, signal.SIGTERM):
            self.stage(code=0, tenths=200)
            shutil.rmtree(self.results, ignore_errors=True)
            process = self.start()
            while not (self.results / "started").exists():
                self.assertIsNone(process.poll())
                time.sleep(0.02)
            process.send_signal(sent)
            output, _ = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 2, output)
            self.assertEqual((self.results / "report.html").read_text(), "interrupted\n")
            self.assert_clean()


if __name__ == "__main__":
    unittest.main()
