#!/usr/bin/env python3
"""Healthy stages in a row by deploy/demo: how many pass. Not part of ctest, since ten take half an hour.

    PLUMBLINE_BUILD=build/ci tests/integration/healthy_runs.py [COUNT] [--quick]"""

import sys
import time

import stage_support
from stage_support import accused


def main():
    words = sys.argv[1:]
    options = ["--quick"] if "--quick" in words else []
    numbers = [word for word in words if word.isdigit()]
    count = int(numbers[0]) if numbers else 10
    passes = 0
    for number in range(1, count + 1):
        begun = time.monotonic()
        with stage_support.demo(None, *options) as run:
            passes += run.code == 0
            print(f"run {number}: {run.report['verdict']}, exit code {run.code}, "
                  f"{time.monotonic() - begun:.0f} s, accused: {accused(run.report)}, "
                  f"{run.report['because'][0]}", flush=True)
    print(f"{passes} of {count} healthy runs passed")
    return 0 if passes == count else 1


if __name__ == "__main__":
    sys.exit(main())
