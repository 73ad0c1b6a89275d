#!/usr/bin/env python3
"""shellcheck over every bash script of the tree; exit status 4 (skipped) where it is not installed."""

import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
FOLDERS = ("deploy", "tests", ".ci")


def is_shell(path):
    if not path.is_file() or path.is_symlink() or "node_modules" in path.parts:
        return False
    if path.suffix == ".sh":
        return True
    with path.open("rb") as stream:
        first = stream.readline(80)
    return first.startswith(b"#!") and (b"bash" in first or first.rstrip().endswith(b"/sh"))


def main():
    if shutil.which("shellcheck") is None:
        print("SKIP: shellcheck is not installed")
        return 4
    scripts = sorted(p for folder in FOLDERS for p in (ROOT / folder).rglob("*") if is_shell(p))
    if len(scripts) < 5:
        print(f"only {len(scripts)} scripts found under {ROOT}")
        return 1
    return subprocess.run(["shellcheck", "-x", "-S", "warning", *scripts], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
