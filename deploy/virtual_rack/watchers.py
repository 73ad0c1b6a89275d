"""Background processes of two faults: one flaps a link, one stops probes as they start."""

import ctypes
import os
import select
import signal
import time

from . import kernel, processes

DOWN_S, PERIOD_S = 0.120, 0.400
IDLE_S, BUSY_S, TICK_S = 0.1, 0.2, 0.002
IN_OPEN = 0x20


class _Ended(BaseException):
    pass


def _end(*_):
    raise _Ended()


def flap_link(device):
    """Takes the device (of this network namespace) down 120 ms of every 400 ms, until SIGTERM."""
    signal.signal(signal.SIGTERM, _end)
    try:
        due = time.monotonic()
        while True:
            kernel.set_link(device, False)
            time.sleep(DOWN_S)
            kernel.set_link(device, True)
            due += PERIOD_S
            time.sleep(max(0.0, due - time.monotonic()))
    except _Ended:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        kernel.set_link(device, True)


def stop_probes(network, binary):
    """Stops every process that runs the binary in that network namespace, until SIGTERM.

    inotify tells when the binary is opened (a probe starts); the search itself is then quick."""
    signal.signal(signal.SIGTERM, _end)
    name = os.path.basename(binary)[:15]
    stopped = {}
    try:
        events = _watch(binary)
        while True:
            _wait(events)
            _stop_for_a_while(network, name, stopped)
    except _Ended:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for pid, start in stopped.items():
            if processes.start_time(pid) == start:
                os.kill(pid, signal.SIGCONT)


def _watch(binary):
    libc = ctypes.CDLL(None, use_errno=True)
    events = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if events >= 0:
        libc.inotify_add_watch(events, os.fsencode(binary), IN_OPEN)
    return events


def _wait(events):
    if events < 0:
        time.sleep(TICK_S)
        return
    if select.select([events], [], [], IDLE_S)[0]:
        os.read(events, 65536)


def _stop_for_a_while(network, name, stopped):
    """Looks again and again for a moment: the process appears a little after the open."""
    until = time.monotonic() + (BUSY_S if _search(network, name, stopped) else 5 * TICK_S)
    while time.monotonic() < until:
        time.sleep(TICK_S)
        _search(network, name, stopped)


def _search(network, name, stopped):
    """Stops what is new; returns whether something of that network was stopped."""
    found = False
    for pid in processes.all_pids():
        if processes.name_of(pid) != name or processes.network_of(pid) != network:
            continue
        start = processes.start_time(pid)
        if stopped.get(pid) != start and start is not None:
            stopped[pid] = start
            os.kill(pid, signal.SIGSTOP)
            found = True
    return found
