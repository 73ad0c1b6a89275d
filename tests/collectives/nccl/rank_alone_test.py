#!/usr/bin/env python3
"""`plumbline collective` with one rank, stubs in place of NCCL and the CUDA driver.

    rank_alone_test.py BIN STUB_NCCL STUB_CUDA

The rank names its profiler library to NCCL, NCCL loads it, and the result says what it counted. Where somebody has
set another profiler, that one stays and the result says that nothing was counted.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

BIN, NCCL, CUDA = (pathlib.Path(word).resolve() for word in sys.argv[1:4])


def collective(folder, **more):
    environment = {**os.environ, "LD_LIBRARY_PATH": folder, **more}
    done = subprocess.run([BIN / "plumbline", "collective", "all_reduce", "-g", "1", "-b", "4096", "-e", "4096", "-n", "5",
                           "-w", "1", "-o", "json"], env=environment, capture_output=True, text=True, timeout=50,
                          stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        sys.exit(f"exit code {done.returncode}: {done.stdout[-1500:]} {done.stderr[-500:]}")
    first = json.loads(done.stdout)["outcomes"][0]
    return {proof["kind"]: proof for proof in first["proof"]}


def main():
    with tempfile.TemporaryDirectory(prefix="plumbline-stubs-") as folder:
        pathlib.Path(folder, "libnccl.so.2").symlink_to(NCCL)
        pathlib.Path(folder, "libcuda.so.1").symlink_to(CUDA)
        told = collective(folder)
        # One warm-up and five runs of 4096 bytes, each told as one step each way.
        wanted = ("6 collectives (RING/SIMPLE 6)", "in 6 steps and received", "sockets: ")
        statement = told["profiler"]["statement"]
        if not told["profiler"]["holds"] or not all(part in statement for part in wanted):
            sys.exit(f"the profiler told {told['profiler']}")
        if "counter" not in told:
            sys.exit(f"no counters: {told}")
        other = collective(folder, NCCL_PROFILER_PLUGIN="/no/such/profiler.so")["profiler"]
        if other["holds"] or "NCCL_PROFILER_PLUGIN is set to /no/such/profiler.so" not in other["statement"]:
            sys.exit(f"beside another profiler: {other}")


if __name__ == "__main__":
    main()
