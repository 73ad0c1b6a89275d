#!/usr/bin/env python3
"""Neighbours by LLDP on a real veth: this test plays the switch at its other end, in a network namespace of its own,
and `plumbline inventory --listen` says who it is. Ends with 77 where no namespace can be made."""
import ctypes
import json
import os
import socket
import struct
import subprocess
import sys
import threading

CLONE_NEWNET = 0x40000000
BUILD = os.environ.get("PLUMBLINE_BUILD", "build/ci")
PROGRAM = os.path.join(BUILD, "bin", "plumbline")


def tlv(kind, value):
    return struct.pack(">H", (kind << 9) | len(value)) + value


def frame(port, name, seconds=120, kind=0x88CC):
    return (bytes.fromhex("0180c200000e") + bytes.fromhex("3cfdfe000001") + struct.pack(">H", kind)
            + tlv(1, b"\x04" + bytes.fromhex("3cfdfe000001")) + tlv(2, b"\x05" + port) + tlv(3, struct.pack(">H", seconds))
            + tlv(4, b"to node-3") + tlv(5, name) + tlv(0, b""))


class Switch:
    """Sends what a switch would, ten times a second, and much that is no LLDP."""

    def __init__(self, device, frames):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind((device, 0))
        self.frames, self.end = frames, threading.Event()
        self.thread = threading.Thread(target=self.send)
        self.thread.start()

    def send(self):
        while not self.end.wait(0.1):
            for one in self.frames:
                self.socket.send(one)

    def stop(self):
        self.end.set()
        self.thread.join()
        self.socket.close()


def inventory(*words):
    done = subprocess.run([PROGRAM, "inventory", "-o", "json", *words], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        sys.exit(f"inventory ended with {done.returncode}: {done.stderr}")
    return {device["name"]: device for device in json.loads(done.stdout)["topology"]["network_devices"]}


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def expect(what, holds):
    print(("ok    " if holds else "FAIL  ") + what)
    return 0 if holds else 1


def play():
    for name, peer in (("ens1", "swp1"), ("ens2", "swp2")):
        ip("link", "add", name, "type", "veth", "peer", "name", peer)
        for device in (name, peer):
            ip("link", "set", device, "up")
    noise = [b"\xff" * 64, frame(b"no", b"other type", kind=0x0800), frame(b"cut", b"cut")[:30], frame(b"left", b"left", seconds=0)]
    failed = expect("without --listen nothing is heard, and nothing is made up",
                    not any(device.get("neighbours") for device in inventory().values()))
    first, second = Switch("swp1", noise + [frame(b"swp12", b"leaf-1")]), Switch("swp2", noise)
    try:
        heard = inventory("--listen", "3")
        one = heard["ens1"].get("neighbours", [])
        failed += expect(f"the switch behind ens1 by what it says: {one}",
                         len(one) == 1 and one[0]["system_name"] == "leaf-1" and one[0]["port_id"] == "swp12"
                         and one[0]["chassis_id"] == "3c:fd:fe:00:00:01" and one[0]["source"] == "heard on ens1"
                         and one[0]["port_description"] == "to node-3")
        why = heard["ens2"].get("neighbours_unknown", "")
        failed += expect(f"nobody behind ens2, where only noise came: {why}",
                         "neighbours" not in heard["ens2"] and "nothing was heard in 3.0 s" in why)
    finally:
        first.stop()
        second.stop()
    tree = subprocess.run([PROGRAM, "inventory"], capture_output=True, text=True, timeout=60, check=False).stdout
    return failed + expect("the tree is drawn without neighbours as well", "ens1" in tree)


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        print("SKIPPED: no network namespace of its own: " + os.strerror(ctypes.get_errno()))
        return 77
    return 1 if play() else 0


if __name__ == "__main__":
    sys.exit(main())
