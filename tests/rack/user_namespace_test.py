#!/usr/bin/env python3
"""The rack of a user who is not root: in a user namespace, and gone without a trace."""

import json
import os
import shutil
import subprocess
import tempfile

import support
from support import RackCase, processes_of, rack

NOBODY = 65534


class WithoutRoot(RackCase):
    def setUp(self):
        self.wrap = []
        if os.geteuid() == 0:
            self.wrap = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        self.env = {"PATH": path, "HOME": "/nonexistent"}
        self.assert_possible()
        self.folder = tempfile.mkdtemp(prefix="rn", dir="/tmp")
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.directory = f"{self.folder}/r"

    def assert_possible(self):
        for command in (["unshare", "-Urnm", "true"], ["test", "-x", support.RACK]):
            if subprocess.run([*self.wrap, *command], env=self.env).returncode != 0:
                self.skipTest("an ordinary user may not make user namespaces here, or cannot "
                              "read this checkout")

    def run_rack(self, *arguments):
        done = rack(self.directory, *arguments, wrap=self.wrap, env=self.env)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_up_links_faults_and_down(self):
        self.run_rack("up", "--no-agents", "--build", str(self.programs))
        self.addCleanup(rack, self.directory, "down", wrap=self.wrap, env=self.env)
        healthy = self.run_rack("status", "-o", "json")
        self.assertTrue(json.loads(healthy)["user_namespace"])
        self.run_rack("exec", "node-3", "--", "ping", "-q", "-c1", "-W2", "10.70.2.11")
        self.assertEqual(self.run_rack("exec", "node-3", "--", "hostname"), "node-3\n")
        for kind in ("slow-nic", "foreign-device", "dead-link"):
            self.run_rack("fault", kind)
        self.assertNotEqual(self.run_rack("status", "-o", "json"), healthy)
        self.run_rack("heal")
        self.assertEqual(self.run_rack("status", "-o", "json"), healthy)
        self.run_rack("down")
        self.assertFalse(os.path.exists(self.directory))
        self.assertEqual(processes_of(self.directory) + processes_of("plumbline-rack-holder"), [])


if __name__ == "__main__":
    support.main()
