"""Without root: a user namespace of our own in which making networks is allowed.

A holder process keeps it alive; every later command enters it."""

import os

from . import kernel, processes
from .errors import RackError

HOLDER = "plumbline-rack-holder"


def needed():
    """Whether this user must have a user namespace first; raises when nothing helps."""
    network = kernel.CLONE_NEWNET | kernel.CLONE_NEWNS
    if os.geteuid() == 0 and kernel.in_child(lambda: kernel.unshare(network)) is None:
        return False
    message = kernel.in_child(lambda: kernel.unshare(kernel.CLONE_NEWUSER | network))
    if message is None:
        return True
    raise RackError("cannot make network namespaces: neither root nor user namespaces are "
                    f"allowed here ({message})")


def create(directory):
    """Starts the holder and enters its namespaces; returns the holder's record."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _hold(directory, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        message = stream.read().decode(errors="replace")
    if message:
        os.waitpid(child, 0)
        raise RackError(f"cannot make a user namespace: {message}")
    record = {"pid": child, "start": processes.start_time(child)}
    enter(record)
    return record


def _hold(directory, writer):
    try:
        os.setsid()
        _isolate(directory)
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        os.set_inheritable(writer, False)  # exec closes it: the sign that all went well
        os.execvp("sleep", [HOLDER, "infinity"])
    except BaseException as error:
        os.write(writer, str(error).encode()[:4000])
    os._exit(1)


def _isolate(directory):
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS | kernel.CLONE_NEWNET)
    for file, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"),
                       ("gid_map", f"0 {group} 1")):
        with open(f"/proc/self/{file}", "w", encoding="ascii") as stream:
            stream.write(text)
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_SLAVE)
    _own_run(directory)


def _own_run(directory):
    """An empty /run, where `ip netns` may write; what lies under /run already stays in view."""
    kept = [path for path in ("/run/user", directory)
            if os.path.realpath(path).startswith("/run/") and os.path.isdir(path)]
    handles = {path: os.open(path, os.O_PATH) for path in {os.path.realpath(p) for p in kept}}
    kernel.mount("tmpfs", "/run", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV)
    for path, handle in sorted(handles.items()):
        os.makedirs(path, exist_ok=True)
        kernel.mount(f"/proc/self/fd/{handle}", path, None, kernel.MS_BIND | kernel.MS_REC)
        os.close(handle)


def enter(holder):
    """Enters the holder's namespaces; does nothing when this process is in them already."""
    if not processes.alive(holder):
        raise RackError("the rack's namespaces are gone (its holder process has ended); "
                        "`deploy/rack down` clears the rest away")
    folder = f"/proc/{holder['pid']}/ns"
    if os.stat(f"{folder}/user").st_ino == os.stat("/proc/self/ns/user").st_ino:
        return
    kernel.enter(f"{folder}/user", kernel.CLONE_NEWUSER)
    kernel.enter(f"{folder}/mnt", kernel.CLONE_NEWNS)
    kernel.enter(f"{folder}/net", kernel.CLONE_NEWNET)
