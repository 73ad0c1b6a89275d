#!/usr/bin/env python3
"""Boots Debian's own kernel in QEMU guests and runs one scene in them.

    run.py BUILD SCENE      BUILD: the build tree whose programs run in the guests; kernel and image are kept in
                            BUILD/vm. Exit status 0 passed, 1 failed, 77 the machine cannot do it.
    PLUMBLINE_VM_PATIENCE=3 gives the guests three times as long: for programs with sanitizers, which emulated CPUs run slowly.
"""
import fcntl
import importlib
import os
import sys
import time

from guests import Bed, Missing, text_of


class Expectations:
    """Says what holds and what does not, and counts."""

    def __init__(self):
        self.failed = 0

    def __call__(self, what, holds):
        print(("ok    " if holds else "FAIL  ") + what, flush=True)
        self.failed += not holds


def show_guests(share):
    for guest in (1, 2):
        for name in ("status", "out", "serial", "qemu"):
            text = text_of(share, f"{name}.{guest}").strip()
            if text:
                print(f"--- {name}.{guest}\n" + text[-3000:])


def play(scene, build):
    started = time.monotonic()
    bed = Bed(os.path.join(build, "vm"), build)
    print(f"guests run by {bed.accelerator[1].split(',', maxsplit=1)[0]}, kernel {bed.kernel.version}, "
          f"ready after {time.monotonic() - started:.1f} s", flush=True)
    share = scene.run(bed, os.path.join(build, "bin"))
    print(f"guests were done after {time.monotonic() - started:.1f} s", flush=True)
    expect = Expectations()
    try:
        scene.check(share, expect)
    except (KeyError, IndexError, TypeError, ValueError, StopIteration) as problem:
        expect(f"an answer of the expected form ({type(problem).__name__}: {problem})", False)
    if expect.failed:
        show_guests(share)
    return 1 if expect.failed else 0


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 64
    build = os.path.abspath(sys.argv[1])
    os.makedirs(os.path.join(build, "vm"), exist_ok=True)
    try:
        with open(os.path.join(build, "vm", "lock"), "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return play(importlib.import_module(sys.argv[2] + "_scene"), build)
    except Missing as reason:
        print(f"SKIPPED: {reason}")
        return 77


if __name__ == "__main__":
    sys.exit(main())
