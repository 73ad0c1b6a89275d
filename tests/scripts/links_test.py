#!/usr/bin/env python3
"""plumbline itself links no driver library; exit status 4 (skipped) where it is not built."""

import os
import pathlib
import re
import subprocess
import sys

VENDORS = re.compile(
    r"lib(cuda|cudart|nvidia|nccl|mpi|open-pal|open-rte|ucp|uct|ucs|ucm|ibverbs|rdmacm|hwloc)\b")


def main():
    program = pathlib.Path(os.environ.get("PLUMBLINE_BIN", ".")) / "plumbline"
    if not program.exists():
        print(f"SKIP: {program} is not built")
        return 4
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    linked = [line.split()[0] for line in listed.splitlines() if VENDORS.search(line.split()[0])]
    if linked:
        print("plumbline links vendor libraries; they belong to its child programs:", *linked)
    return 1 if linked else 0


if __name__ == "__main__":
    sys.exit(main())
