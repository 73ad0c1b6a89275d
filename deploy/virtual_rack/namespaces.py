"""Network namespaces of the rack: made, found, entered, removed."""

import os
import socket

from . import kernel
from .commands import run
from .errors import RackError

FOLDER = "/run/netns"


def path(namespace):
    return os.path.join(FOLDER, namespace)


def create(names):
    """Makes every namespace of the rack, with its loopback up and IPv6 quiet."""
    if not os.path.exists("/etc/hosts"):
        raise RackError("there is no /etc/hosts to lay the nodes' own over: make an empty one")
    text = "".join(f"netns add {name}\n" for name in names.all_namespaces())
    run(["ip", "-batch", "-"], text)
    for name in names.all_namespaces():
        kernel.in_network(path(name), _prepare)


def _prepare():
    kernel.set_link("lo", True)
    for group in ("all", "default"):
        _write_if_there(f"/proc/sys/net/ipv6/conf/{group}/disable_ipv6", "1")


def tune_hosts(names, hosts):
    """The hosts' TCP: one known congestion control, windows below the switch buffers.

    The machine's own default may be anything (bbr, cubic with 4 MiB windows); then a healthy
    link drops and retransmits. These windows (about 256 KiB) bridge 10 ms in which a sender gets no
    CPU, and never fill a port's queue. Windows of 1 MiB queue for 80 ms, longer than a batch's window:
    the numbers of a batch then differ by some per cent, with both directions at once by tens."""
    def act():
        settings = {"tcp_congestion_control": "reno", "tcp_rmem": "4096 131072 524288",
                    "tcp_wmem": "4096 65536 262144", "tcp_no_metrics_save": "1"}
        for key, value in settings.items():
            _write_if_there(f"/proc/sys/net/ipv4/{key}", value)
    for host in hosts:
        kernel.in_network(path(names.namespace(host)), act)


def _write_if_there(file, text):
    try:
        with open(file, "w", encoding="ascii") as stream:
            stream.write(text)
    except FileNotFoundError:
        pass


def present(prefix):
    """The rack's namespaces that exist now, whatever made them."""
    try:
        return sorted(name for name in os.listdir(FOLDER) if name.startswith(prefix + "-"))
    except FileNotFoundError:
        return []


def remove(prefix):
    for name in present(prefix):
        run(["ip", "netns", "del", name])


def inodes(prefix):
    """The inode number of every network namespace of the rack."""
    return {os.stat(path(name)).st_ino for name in present(prefix)}


def become(namespace, host_name, hosts_file):
    """Turns this process into one of that host: its network, name, /sys and /etc/hosts."""
    try:
        kernel.enter(path(namespace), kernel.CLONE_NEWNET)
        kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWUTS)
        socket.sethostname(host_name)
        kernel.mount(None, "/", None, kernel.MS_SLAVE | kernel.MS_REC)
        _mount_sys()
        kernel.mount(hosts_file, "/etc/hosts", None, kernel.MS_BIND)
    except OSError as error:
        raise RackError(f"cannot enter {host_name}: {error.strerror or error}") from None


def _mount_sys():
    """/sys/class/net shows the network namespace that was current when it was mounted."""
    careful = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    for flags in (careful, careful | kernel.MS_RDONLY):
        try:
            return kernel.mount("sysfs", "/sys", "sysfs", flags)
        except PermissionError:
            continue
    raise RackError("cannot mount a /sys for the node (it is masked here)")
