"""SIGINT, SIGTERM and SIGHUP: raised as Interrupted, put off while a step must be whole."""

import signal
from contextlib import contextmanager

from .errors import Interrupted

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Watch:
    def __init__(self):
        self.depth = 0
        self.pending = None

    def arrived(self, number, _frame):
        if self.depth:
            self.pending = number
        else:
            raise Interrupted(number)


_watch = _Watch()  # signal handlers are the process's own: there is one of them


def catch():
    for number in NUMBERS:
        signal.signal(number, _watch.arrived)


def ignore():
    for number in NUMBERS:
        signal.signal(number, signal.SIG_IGN)


def default():
    for number in NUMBERS:
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def put_off():
    """Within it no signal interrupts; one that arrived is raised at its end."""
    _watch.depth += 1
    try:
        yield
    finally:
        _watch.depth -= 1
        number = _watch.pending
        if number is not None and not _watch.depth:
            _watch.pending = None
            raise Interrupted(number)
