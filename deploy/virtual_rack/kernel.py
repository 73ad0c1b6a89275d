"""The few kernel calls that python 3.11 does not offer: namespaces, mounts, interface flags."""

import array
import ctypes
import fcntl
import os
import socket
import struct

from . import signals

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_BIND, MS_REC, MS_SLAVE, MS_PRIVATE = 4096, 16384, 1 << 19, 1 << 18

SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCETHTOOL = 0x8913, 0x8914, 0x8946
IFF_UP = 1
ETHTOOL_SET = {"tso": 0x1F, "gso": 0x24, "gro": 0x2C}

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags):
    _check(_libc.unshare(flags), "unshare")


def enter(path, kind):
    """setns() into the namespace that the file names."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc.setns(descriptor, kind), f"enter {path}")
    finally:
        os.close(descriptor)


def mount(source, target, kind=None, flags=0):
    encode = lambda text: None if text is None else os.fsencode(text)
    result = _libc.mount(encode(source), encode(target), encode(kind),
                         ctypes.c_ulong(flags), None)
    _check(result, f"mount {target}")


def in_child(action):
    """Runs action() in a forked child; returns None when it ended well, else its error's text.

    Keep the action short: signals are put off until the child has ended, so none is ever left."""
    with signals.put_off():
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            _finish_child(action, writer)
        os.close(writer)
        with os.fdopen(reader, "rb") as stream:
            message = stream.read().decode(errors="replace")
        _, status = os.waitpid(child, 0)
    if status == 0:
        return None
    return message or f"child ended with status {status}"


def _finish_child(action, writer):
    try:
        action()
        os._exit(0)
    except BaseException as error:  # the child must never return into the caller's code
        os.write(writer, (str(error) or type(error).__name__).encode()[:4000])
        os._exit(1)


def in_network(namespace_path, action):
    """Runs action() in a child inside that network namespace; raises OSError on its error."""
    def enter_and_act():
        enter(namespace_path, CLONE_NEWNET)
        action()
    message = in_child(enter_and_act)
    if message:
        raise OSError(message)


def set_link(device, up):
    """Sets the device administratively up or down, in the current network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        request = struct.pack("16sH14x", device.encode(), 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(handle, SIOCGIFFLAGS, request))[1]
        flags = flags | IFF_UP if up else flags & ~IFF_UP
        fcntl.ioctl(handle, SIOCSIFFLAGS, struct.pack("16sH14x", device.encode(), flags))


def set_offload(devices, **features):
    """Switches tso, gso or gro of the devices, in the current network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        for device in devices:
            for feature, on in features.items():
                _set_feature(handle, device, ETHTOOL_SET[feature], int(on))


def _set_feature(handle, device, command, value):
    data = array.array("B", struct.pack("II", command, value))
    request = struct.pack("16sP16x", device.encode(), data.buffer_info()[0])
    fcntl.ioctl(handle, SIOCETHTOOL, request)
