"""What the tests of the virtual rack share: raising a rack in a folder of their own."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RACK = str(ROOT / "deploy" / "rack")
BIN = os.environ.get("PLUMBLINE_BIN", str(ROOT / "build" / "release" / "bin"))
SKIPPED = 77
LIMIT_S = 60

# Stands in for `plumbline agent`: it listens where it is told to.
AGENT = """#!/usr/bin/env python3
import socket, sys
host, port = sys.argv[sys.argv.index("--listen") + 1].rsplit(":", 1)
server = socket.create_server((host, int(port)))
while True:
    server.accept()[0].close()
"""


def rack(directory, *arguments, wrap=(), env=None):
    """Runs deploy/rack to its end; stdout and stderr as text."""
    command = [*wrap, RACK, "--dir", str(directory), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, env=env,
                          stdin=subprocess.DEVNULL, check=False)


def namespaces(prefix):
    try:
        return [name for name in os.listdir("/run/netns") if name.startswith(prefix)]
    except FileNotFoundError:
        return []


def processes_of(text):
    """Every live process that names the text on its command line (except this test)."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            continue
        if text.encode() in line and int(pid) != os.getpid():
            found.append(f"{pid} {line.decode(errors='replace')}")
    return found


class RackCase(unittest.TestCase):
    """A folder for racks and a folder of programs; every rack is taken down at the end."""

    @classmethod
    def setUpClass(cls):
        cls.top = pathlib.Path(tempfile.mkdtemp(prefix="rt", dir="/tmp"))
        cls.top.chmod(0o755)
        cls.programs = cls.top / "b"
        (cls.programs / "bin").mkdir(parents=True)

    @classmethod
    def tearDownClass(cls):
        for state in cls.top.glob("*/state.json"):
            rack(state.parent, "down")
        shutil.rmtree(cls.top, ignore_errors=True)

    @classmethod
    def add_program(cls, name, text=None):
        """A program for the rack's --build: a script, or the built one when there is no text."""
        path = cls.programs / "bin" / name
        if text is not None:
            path.write_text(text)
            path.chmod(0o755)
        elif os.access(f"{BIN}/{name}", os.X_OK):
            path.symlink_to(f"{BIN}/{name}")
        return path

    @classmethod
    def up(cls, name="r", *arguments):
        done = rack(cls.top / name, "up", "--build", str(cls.programs), *arguments)
        if done.returncode != 0:
            raise AssertionError(f"up failed: {done.stderr}")
        return cls.top / name

    def ok(self, directory, *arguments):
        done = rack(directory, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return done.stdout

    def on(self, directory, node, *command):
        return self.ok(directory, "exec", node, "--", *command)

    def status(self, directory):
        return json.loads(self.ok(directory, "status", "-o", "json"))


def read(path):
    return json.loads(pathlib.Path(path).read_text())


def main():
    """Runs the file's tests; skips them all, with the reason, where no rack can be raised."""
    reason = why_not()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)


def why_not():
    for tool in ("ip", "tc", "openssl"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return f"{tool} is not installed"
    flags = "-nm" if os.geteuid() == 0 else "-Urnm"
    for attempt in (flags, "-Urnm"):
        if subprocess.run(["unshare", attempt, "true"], capture_output=True).returncode == 0:
            return None
    return "neither root nor user namespaces are allowed here"
