"""What the rack must remember between two commands: DIR/state.json, under a lock."""

import fcntl
import os
import time

from . import files
from .errors import RackError

SCHEMA = "plumbline.rack/v1"


class State:
    """The rack's memory: processes by name, active faults, how it was raised."""

    def __init__(self, names, values):
        self.names = names
        self.values = values

    @staticmethod
    def new(names, build, shaped):
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return State(names, {"schema": SCHEMA, "prefix": names.prefix, "boot": boot_id(),
                             "born": now, "build": build, "shaped": shaped, "holder": None,
                             "version": 1000, "processes": {}, "faults": []})

    @staticmethod
    def load(names):
        """The stored state; None when there is no rack in the directory."""
        try:
            values = files.read_json(names.path("state.json"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except ValueError as error:
            raise RackError(f"{names.path('state.json')} is damaged: {error}") from None
        if values.get("schema") != SCHEMA:
            raise RackError(f"{names.path('state.json')} is not a rack's state")
        return State(names, values)

    def save(self):
        files.write_json(self.names.path("state.json"), self.values)

    def next_version(self):
        self.values["version"] += 1
        return self.values["version"]

    def nic_mbit(self, rail):
        """The rate of the rail's NICs as the rack was raised."""
        return self.values.get("rates", {}).get(rail.name, rail.nic_mbit)

    @property
    def of_this_boot(self):
        return self.values["boot"] == boot_id()

    @property
    def processes(self):
        return self.values["processes"]

    @property
    def faults(self):
        return self.values["faults"]


def boot_id():
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
        return stream.read().strip()


class Lock:
    """One command at a time on a rack: a lock on its directory, which may be removed under it."""

    def __init__(self, directory, make):
        self.directory = directory
        self.make = make
        self.handle = None

    def __enter__(self):
        while True:
            if not self._open():
                return self
            fcntl.flock(self.handle, fcntl.LOCK_EX)
            if self._still_there():
                return self
            os.close(self.handle)

    def __exit__(self, *_):
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None

    def _open(self):
        if self.make:
            os.makedirs(self.directory, mode=0o700, exist_ok=True)
        try:
            self.handle = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            self.handle = None
            return False
        except NotADirectoryError:
            raise RackError(f"{self.directory} is not a directory") from None
        self._check_owner()
        return True

    def _check_owner(self):
        owner = os.fstat(self.handle).st_uid
        if owner not in (os.geteuid(), 0):
            raise RackError(f"{self.directory} belongs to another user (uid {owner}); "
                            "choose another --dir")

    def _still_there(self):
        try:
            return os.stat(self.directory).st_ino == os.fstat(self.handle).st_ino
        except FileNotFoundError:
            return False
