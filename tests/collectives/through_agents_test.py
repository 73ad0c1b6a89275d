#!/usr/bin/env python3
"""`plumbline collective --agents`: a real agent on this machine starts the ranks and carries what they post.

    through_agents_test.py BUILD

With a test's own ranks (their data travels over the same channel): every operation right, groups, the table.
With plumbline-rank on a machine without a GPU: every number skipped with that reason, exit code 2. A rank that is
stopped is named, and afterwards the agent has no child left. Leaves with 77 without openssl.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(sys.argv[1]).resolve()
BIN = BUILD / "bin"
OPERATIONS = ("all_reduce", "all_gather", "reduce_scatter", "broadcast", "reduce", "alltoall", "gather", "scatter",
              "sendrecv", "hypercube")
complaints = []


def check(holds, what):
    if not holds:
        complaints.append(str(what))


def sh(*words, cwd=None):
    subprocess.run(words, cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_pki(folder):
    """A CA and two certificates; the role stands in the organizational unit, the name as an alternative name."""
    sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
       "-subj", "/CN=test-ca", "-keyout", "ca-key.pem", "-out", "ca.pem", cwd=folder)
    for name, role in (("node-1", "agent"), ("coordinator", "coordinator")):
        sh("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
           f"/O=plumbline/OU={role}/CN={name}", "-keyout", f"{name}-key.pem", "-out", f"{name}.csr", cwd=folder)
        (folder / "names").write_text(f"subjectAltName=DNS:{name}\n")
        sh("openssl", "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial",
           "-days", "2", "-extfile", "names", "-out", f"{name}.pem", cwd=folder)


def wait_for(holds, seconds=30):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found = holds()
        if found:
            return found
        time.sleep(0.02)
    sys.exit("did not come up in time")


@contextlib.contextmanager
def agent(folder, rank):
    """A kubelet and an agent of node-1 over `rank`; gives the stage file that names it."""
    answer, socket, log = folder / "pods.json", folder / "kubelet.sock", folder / "agent.log"
    answer.write_text('{"pod_resources":[],"allocatable":{"devices":[],"cpu_ids":[],"memory":[]}}')
    log.write_text("")
    kubelet = subprocess.Popen([BIN / "stand-in-kubelet", "--socket", socket, "--answer", answer])
    wait_for(socket.exists)
    with open(log, "wb") as error_log:
        daemon = subprocess.Popen(
            [BIN / "plumbline", "agent", "--node", "node-1", "--listen", "127.0.0.1:0", "--tls-ca", folder / "ca.pem",
             "--tls-cert", folder / "node-1.pem", "--tls-key", folder / "node-1-key.pem", "--kubelet-socket", socket,
             "--cni-results", "/nowhere", "--rank", rank], stderr=error_log)
    try:
        mark = "listens on port "
        wait_for(lambda: mark in log.read_text())
        port = log.read_text().split(mark)[1].split()[0].strip(",\"")
        stage = folder / "stage.yaml"
        stage.write_text("schema: plumbline.stage/v1\nname: here\n"
                         f"agents:\n  - {{node: node-1, address: \"127.0.0.1:{port}\"}}\n"
                         "tls: {ca: ca.pem, certificate: coordinator.pem, key: coordinator-key.pem}\n"
                         "claims: {bundle: bundle}\nown: {namespace: plumbline}\n"
                         "fabric:\n  rails:\n    - {name: all, subnet: 10.0.0.0/8}\n")
        yield stage
    finally:
        for process in (daemon, kubelet):
            process.terminate()
            process.wait()
        socket.unlink(missing_ok=True)


def collective(stage, operation, *words):
    return subprocess.run([BIN / "plumbline", "collective", operation, "--agents", stage, *words], timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def ranks_of(program):
    found = []
    for pid in os.listdir("/proc"):
        if pid.isdigit():
            with contextlib.suppress(OSError):
                words = pathlib.Path("/proc", pid, "cmdline").read_bytes().split(b"\0")
                if words[0] == str(program).encode():
                    found.append(int(pid))
    return sorted(found)


def every_operation(stage):
    for operation in OPERATIONS:
        done = collective(stage, operation, "-g", "4", "-b", "4K", "-e", "4K", "-n", "3", "-w", "1", "-r", "2")
        rows = [line for line in done.stdout.splitlines() if line.strip()[:1].isdigit()]
        check(done.returncode == 0 and len(rows) == 1, f"{operation}: {done.returncode}\n{done.stdout}")


def groups(stage):
    done = collective(stage, "all_reduce", "-g", "4", "-b", "4K", "-e", "4K", "-n", "3", "--split", "pairs", "-o", "json")
    tree = json.loads(done.stdout)
    check(done.returncode == 0 and tree["options"]["colours"] == "0,0,1,1", done.stdout[:600])
    check(tree["ranks"] == ["node-1"] * 4, tree["ranks"])
    check(all(len(one["iterations"]["ranks"]) == 4 for one in tree["outcomes"]), "single runs of four ranks")
    done = collective(stage, "all_reduce", "-g", "2", "-b", "4K", "-e", "4K", "-n", "3", "--split", "rack")
    check(done.returncode == 64 and "rack of node-1 is not known" in done.stdout, done.stdout)


def a_stopped_rank(stage, program):
    command = [BIN / "plumbline", "collective", "all_reduce", "--agents", stage, "-g", "4", "-b", "4K", "-e", "4K",
               "-n", "100000", "-w", "1", "-T", "30", "-o", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        ranks = wait_for(lambda: len(found := ranks_of(program)) == 4 and found)
        time.sleep(1)
        os.kill(ranks[2], signal.SIGSTOP)
        out = running.communicate(timeout=90)[0]
    outcomes = json.loads(out)["outcomes"]
    failed = [one for one in outcomes if one["status"] == "failed"]
    check(running.returncode == 2 and failed, out[:600])
    check(failed and len(failed[0]["suspects"]) == 1, failed[:1])
    check(not ranks_of(program), f"ranks {ranks_of(program)} are left when the command is done")


def no_gpu(folder):
    with agent(folder, BIN / "plumbline-rank") as stage:
        done = collective(stage, "all_reduce", "-g", "2", "-b", "4K", "-e", "4K")
        reasons = ("no NVIDIA driver", "no NVIDIA GPU", "there is no GPU", "NCCL", "built without")
        check(done.returncode == 2 and "# skipped:" in done.stdout and any(one in done.stdout for one in reasons),
              f"{done.returncode} {done.stdout}")


def bad_input(stage):
    for words, part in ((["--hosts", "node-9"], "names no such agent"), (["--via", "mpi"], "--agents needs --via nccl"),
                        (["--fault", "kill:0:1"], "--fault is for ranks of this machine")):
        done = collective(stage, "all_reduce", *words)
        check(done.returncode == 64 and part in done.stdout, f"{words}: {done.returncode} {done.stdout}")


def main():
    if not shutil.which("openssl"):
        print("skipped: openssl is missing")
        sys.exit(77)
    program = BIN / "meeting-rank"
    with tempfile.TemporaryDirectory(prefix="plc-") as name:
        folder = pathlib.Path(name)
        make_pki(folder)
        with agent(folder, program) as stage:
            every_operation(stage)
            groups(stage)
            a_stopped_rank(stage, program)
            bad_input(stage)
        if not pathlib.Path("/dev/nvidiactl").exists():
            no_gpu(folder)
    sys.exit("\n".join(complaints) if complaints else 0)


if __name__ == "__main__":
    main()
