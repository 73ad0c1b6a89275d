"""Background processes: started apart, remembered by pid and start time, ended for certain."""

import os
import signal
import subprocess
import time

from .errors import RackError

GRACE_S = 2.0
TICK_S = 0.01


def start_time(pid):
    """Field 22 of /proc/<pid>/stat (clock ticks since boot), None when there is no process."""
    fields = _stat_fields(pid)
    return int(fields[19]) if fields else None


def _stat_fields(pid):
    """The fields of /proc/<pid>/stat from the third (state) on."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:
            return stream.read().rpartition(b")")[2].decode().split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def alive(process):
    """Whether the recorded process is the one that still runs (a zombie does not)."""
    fields = _stat_fields(process["pid"])
    return bool(fields) and int(fields[19]) == process["start"] and fields[0] != "Z"


def start(command, log_path, before=None):
    """Starts a daemon in its own session; returns what identifies it later."""
    with open(log_path, "ab") as log:
        try:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                     start_new_session=True, preexec_fn=before)
        except (OSError, subprocess.SubprocessError) as error:
            raise RackError(f"cannot start {command[0]}: {error}") from None
    record = {"pid": child.pid, "start": start_time(child.pid)}
    child.returncode = 0  # it outlives us on purpose: no warning, no wait
    return record


def end(records):
    """Ends recorded processes: SIGTERM (and SIGCONT), then SIGKILL after a short grace."""
    for number in (signal.SIGTERM, signal.SIGCONT):
        _signal(records, number)
    if not _wait_gone(records):
        _signal(records, signal.SIGKILL)
        _wait_gone(records)


def kill(record):
    """SIGKILL, at once."""
    _signal([record], signal.SIGKILL)
    _wait_gone([record])


def _signal(records, number):
    for record in records:
        if alive(record):
            try:
                os.kill(record["pid"], number)
            except ProcessLookupError:
                pass


def _wait_gone(records):
    deadline = time.monotonic() + GRACE_S
    while any(alive(record) for record in records):
        _reap()
        if time.monotonic() > deadline:
            return False
        time.sleep(TICK_S)
    return True


def _reap():
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        pass


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def name_of(pid):
    """The process's name (at most 15 bytes, /proc/<pid>/comm), None when it is gone."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as stream:
            return stream.read().rstrip("\n")
    except OSError:
        return None


def network_of(pid):
    """The inode of the process's network namespace, None when it is gone or not ours to see."""
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino
    except OSError:
        return None


def inside(inodes):
    """Every process in one of these network namespaces, except this one and its ancestors."""
    spared = set(_ancestors())
    found = [pid for pid in all_pids() if pid not in spared and network_of(pid) in inodes]
    records = [{"pid": pid, "start": start_time(pid)} for pid in found]
    return [record for record in records if record["start"] is not None]


def _ancestors():
    pid = os.getpid()
    while pid > 0:
        yield pid
        fields = _stat_fields(pid)
        pid = int(fields[1]) if fields else 0
