"""Runs ip, tc, nft and openssl, each under a time limit, and turns failures into one line."""

import json
import shutil
import subprocess

from . import signals
from .errors import RackError

LIMIT_S = 20
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PACKAGE_OF = {"ip": "iproute2", "tc": "iproute2", "nft": "nftables", "openssl": "openssl"}


def tool(name):
    """The absolute path of a tool; its package is named when it is missing."""
    path = shutil.which(name) or shutil.which(name, path=SEARCH_PATH)
    if not path:
        raise RackError(f"{name} is not installed (Debian package {PACKAGE_OF.get(name, name)})")
    return path


def run(arguments, text="", cwd=None):
    """Runs a command to its end, whatever signal arrives, and returns its stdout."""
    command = [tool(arguments[0]), *arguments[1:]]
    try:
        with signals.put_off():
            done = subprocess.run(command, input=text, capture_output=True, text=True,
                                  timeout=LIMIT_S, cwd=cwd, check=False)
    except subprocess.TimeoutExpired:
        raise RackError(f"{' '.join(arguments)}: no answer within {LIMIT_S} s") from None
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[0]
        raise RackError(f"{' '.join(arguments)}: {reason}")
    return done.stdout


def ip(namespace, lines):
    """Runs many `ip` commands inside a network namespace in one go."""
    run(["ip", "-n", namespace, "-batch", "-"], "\n".join(lines) + "\n")


def tc(namespace, lines):
    run(["tc", "-n", namespace, "-batch", "-"], "\n".join(lines) + "\n")


def nft(namespace, rules):
    run(["ip", "netns", "exec", namespace, tool("nft"), "-f", "-"], rules)


def read_json(arguments):
    """The parsed JSON output of a command; empty output is an empty list."""
    text = run(arguments)
    return json.loads(text) if text.strip() else []
