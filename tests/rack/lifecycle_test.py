#!/usr/bin/env python3
"""up, down, a second rack, interruption, failure, and the command line's refusals."""

import os
import signal
import subprocess
import time

import support
from support import RACK, RackCase, namespaces, processes_of, rack


class Lifecycle(RackCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.add_program("plumbline", support.AGENT)
        cls.add_program("stand-in-kubelet")

    def assert_nothing_left(self, directory, prefix):
        self.assertFalse(directory.exists(), "the directory is left")
        self.assertEqual(namespaces(prefix), [])
        self.assertEqual(processes_of(str(directory)), [])

    def test_down_leaves_nothing_and_may_be_repeated(self):
        directory = self.up()
        status = self.status(directory)
        self.assertEqual({node["agent"]["state"] for node in status["nodes"]}, {"running"})
        self.on(directory, "node-1", "sh", "-c", "sleep 300 >/dev/null 2>&1 &")
        for _ in range(2):
            self.ok(directory, "down")
            self.assert_nothing_left(directory, status["prefix"])

    def test_down_keeps_what_is_not_the_racks(self):
        directory = self.up("keep", "--no-agents")
        (directory / "notes.txt").write_text("mine")
        self.ok(directory, "down")
        self.assertEqual(os.listdir(directory), ["notes.txt"])

    def test_two_racks_live_side_by_side(self):
        one, other = self.up("one", "--no-agents"), self.up("other", "--no-agents")
        prefix = self.status(one)["prefix"]
        self.assertNotEqual(prefix, self.status(other)["prefix"])
        self.ok(one, "fault", "dead-link")
        self.assertEqual(self.status(other)["faults"], [])
        self.on(other, "node-3", "ping", "-c1", "-W2", "10.70.1.14")
        self.ok(one, "down")
        self.on(other, "node-3", "ping", "-c1", "-W2", "10.70.2.16")
        self.assert_nothing_left(one, prefix)
        self.ok(other, "down")

    def test_a_second_up_is_refused_and_harms_nothing(self):
        directory = self.up("twice", "--no-agents")
        again = rack(directory, "up")
        self.assertEqual(again.returncode, 1)
        self.assertIn("already up", again.stderr)
        self.on(directory, "node-1", "ping", "-c1", "-W2", "10.70.1.12")
        self.ok(directory, "down")

    def test_interrupted_at_any_moment_up_cleans_up(self):
        directory = self.top / "cut"
        prefix = self._prefix(directory)
        for number, moments in ((signal.SIGINT, (0.1, 0.3, 0.6)),
                                (signal.SIGTERM, (0.05, 0.2, 0.45))):
            for after in moments:
                child = subprocess.Popen([RACK, "--dir", directory, "--build", self.programs,
                                          "up"], stdout=subprocess.DEVNULL,
                                         stderr=subprocess.DEVNULL, start_new_session=True)
                time.sleep(after)
                os.killpg(child.pid, number)
                code = child.wait(timeout=20)
                if code == 0:  # it was up already
                    self.ok(directory, "down")
                self.assert_nothing_left(directory, prefix)

    def _prefix(self, directory):
        self.up(directory.name, "--no-agents")
        prefix = self.status(directory)["prefix"]
        self.ok(directory, "down")
        return prefix

    def test_killed_up_is_cleared_by_down(self):
        directory = self.top / "killed"
        prefix = self._prefix(directory)
        child = subprocess.Popen([RACK, "--dir", directory, "--build", self.programs, "up"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.4)
        child.kill()
        child.wait()
        self.ok(directory, "down")
        self.assert_nothing_left(directory, prefix)

    def test_an_agent_that_ends_at_its_start_fails_up_with_its_last_words(self):
        directory = self.top / "broken"
        programs = self.top / "broken-build"
        (programs / "bin").mkdir(parents=True)
        agent = programs / "bin" / "plumbline"
        agent.write_text("#!/bin/sh\necho no such flag >&2\nexit 64\n")
        agent.chmod(0o755)
        done = rack(directory, "up", "--build", str(programs))
        self.assertEqual(done.returncode, 1)
        self.assertIn("no such flag", done.stderr)
        self.assertEqual(processes_of(str(directory)), [])
        self.assertFalse(directory.exists())

    def test_misuse_is_one_line_and_64(self):
        for arguments in (("fault", "nonsense"), ("fault", "slow-nic", "--node", "node-9"),
                          ("fault", "dead-agent", "--rail", "rail-a"), ("exec", "mars", "--", "ls"),
                          ("heal", "nonsense"), ("dance",), ("exec", "node-1")):
            done = rack(self.top / "none", *arguments)
            self.assertEqual((done.returncode, len(done.stderr.splitlines())), (64, 1), arguments)

    def test_mpirun_reaches_the_nodes_from_control(self):
        directory = self.up("mpi", "--no-agents")
        agent = str(directory / "mpi-agent")
        said = self.on(directory, "control", agent, "node-4", "hostname; exit 0")
        self.assertEqual(said.strip(), "node-4")
        if not support.shutil.which("mpirun"):
            self.skipTest("mpirun is not installed")
        said = self.on(directory, "control", "mpirun", "--allow-run-as-root", "--mca",
                       "plm_rsh_agent", agent, "--mca", "oob_tcp_if_include", "10.70.0.0/24",
                       "--host", "node-1,node-6", "hostname")
        self.assertEqual(sorted(said.split()), ["node-1", "node-6"])
        self.ok(directory, "down")


if __name__ == "__main__":
    support.main()
