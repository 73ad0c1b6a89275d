#!/usr/bin/env python3
"""Every fault: what it changes in the world or in the cluster's word; healing undoes it."""

import json
import os
import pathlib
import re
import shutil
import time
import unittest

import support
from support import RackCase, rack, read
from word_test import RACK_LABEL, bundle, given_by_claims, given_by_kubelets, named

DEADLINE_S = 5


def until(condition):
    """Waits for a condition; False when it does not come true in time."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


class Faults(RackCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.add_program("plumbline", support.AGENT)
        shutil.copy(shutil.which("sleep"), cls.programs / "bin" / "plumbline-probe")
        cls.directory = cls.up()

    before = None  # what the healthy rack looks like; every heal is held against it

    def setUp(self):
        Faults.before = self.before or self.everything()

    def everything(self):
        """What must be the same after healing: the real state and every word (not versions)."""
        status = self.status(self.directory)
        for node in status["nodes"]:
            node["agent"].pop("pid", None)
        words = {str(path): re.sub(r'"resourceVersion": "\d+"', "", path.read_text())
                 for folder in ("bundle", "nodes") for path in (self.directory / folder).rglob("*")
                 if path.suffix == ".json" or "cni" in path.parts and path.is_file()}
        return status, words, self.on(self.directory, "fabric", "tc", "qdisc", "show")

    def inject(self, kind, *options):
        self.ok(self.directory, "fault", kind, *options)
        self.addCleanup(rack, self.directory, "heal")
        faults = self.status(self.directory)["faults"]
        self.assertEqual([one["kind"] for one in faults], [kind])

    def heal(self, kind):
        self.ok(self.directory, "heal", kind)
        self.assertEqual(self.everything(), self.before)

    def rates(self, device):
        said = json.loads(self.on(self.directory, "fabric", "tc", "-j", "qdisc", "show", "dev",
                                  device))
        return round(said[0]["options"]["rate"] * 8 / 1e6)

    def flags(self, place, device):
        said = json.loads(self.on(self.directory, place, "ip", "-j", "link", "show", device))
        return said[0]["flags"]

    def changed(self):
        """The files of the cluster's word that differ from the healthy ones."""
        now = self.everything()[1]
        return sorted(pathlib.Path(name).name + "@" + pathlib.Path(name).parent.name
                      for name in now if now[name] != self.before[1][name])

    def test_slow_nic(self):
        self.inject("slow-nic")
        self.assertEqual((self.rates("p3a"), self.rates("q3a"), self.rates("p3b")), (60, 60, 200))
        self.heal("slow-nic")

    def test_slow_nic_takes_parameters(self):
        self.inject("slow-nic", "--node", "node-5", "--rail", "rail-b", "--rate", "25")
        self.assertEqual((self.rates("p5b"), self.rates("p3a")), (25, 200))
        self.heal("slow-nic")

    def test_slow_uplink(self):
        self.inject("slow-uplink")
        self.assertEqual((self.rates("u2a"), self.rates("s2a"), self.rates("u1a")), (50, 50, 100))
        self.heal("slow-uplink")

    def test_dead_link(self):
        self.inject("dead-link")
        self.assertIn("NO-CARRIER", self.flags("node-3", "ens1"))
        self.assertIn("LOWER_UP", self.flags("node-3", "ens2"))
        self.heal("dead-link")
        self.on(self.directory, "node-3", "ping", "-q", "-c1", "-W2", "10.70.1.11")

    def test_flapping_link(self):
        changes = lambda: int(self.on(self.directory, "node-3", "cat",
                                      "/sys/class/net/ens1/carrier_changes"))
        self.inject("flapping-link")
        start = changes()
        self.assertTrue(until(lambda: changes() >= start + 4))
        self.assertEqual(self.status(self.directory)["helpers"], ["flapper/node-3/rail-a"])
        self.heal("flapping-link")

    @unittest.skipUnless(shutil.which("nft", path=os.environ["PATH"] + ":/usr/sbin"),
                         "nftables is not installed")
    def test_lossy_link(self):
        # The neighbour is known before: what is lost of ARP would cost every ping for a second.
        self.on(self.directory, "node-3", "ping", "-q", "-c1", "-w5", "10.70.1.14")
        self.inject("lossy-link", "--percent", "50")
        done = rack(self.directory, "exec", "node-3", "--", "ping", "-q", "-i", "0.002", "-c",
                    "200", "-W", "1", "10.70.1.14")
        lost = float(re.search(r"([\d.]+)% packet loss", done.stdout)[1])
        self.assertTrue(45 < lost < 95, done.stdout)  # half of what is sent, half of what returns
        self.heal("lossy-link")
        self.on(self.directory, "node-3", "ping", "-q", "-c5", "-i", "0.01", "10.70.1.14")

    def test_lying_label(self):
        self.inject("lying-label")
        labels = {name: node["metadata"]["labels"][RACK_LABEL]
                  for name, node in named(bundle(self.directory, "nodes")).items()}
        self.assertEqual(labels["node-4"], "rack-3")
        self.assertEqual(self.changed(), ["nodes.json@bundle"])
        self.heal("lying-label")

    def test_wrong_slice(self):
        wrong = {"mac": ("mac", {"string": "02:70:ff:02:03:01"}), "mtu": ("mtu", {"int": 9000}),
                 "nic": ("ifName", {"string": "ens9"})}
        for what, (attribute, value) in wrong.items():
            self.inject("wrong-slice", "--what", what)
            devices = named(bundle(self.directory, "resourceslices"))["node-3-dra.net"]["spec"]
            device = devices["devices"][-1 if what == "nic" else 0]
            self.assertEqual(device["attributes"][f"dra.net/{attribute}"], value)
            self.assertEqual(self.changed(), ["resourceslices.json@bundle"])
            self.heal("wrong-slice")

    def test_foreign_device(self):
        self.inject("foreign-device")
        pod = self.on(self.directory, "tenant/loader-0", "ls", "/sys/class/net").split()
        node = self.on(self.directory, "node-6", "ls", "/sys/class/net").split()
        self.assertEqual((pod, node), (["ens2", "ens3", "lo"], ["ens1", "lo", "mgmt0"]))
        self.assertEqual(self.changed(), [])
        self.heal("foreign-device")
        self.on(self.directory, "node-6", "ping", "-q", "-c1", "-W2", "10.70.2.11")

    def test_split_gang(self):
        self.inject("split-gang")
        pods = named(bundle(self.directory, "pods"))
        self.assertEqual((pods["gang-1"]["spec"]["nodeName"], pods["stage-3"]["spec"]["nodeName"]),
                         ("node-3", "node-2"))
        self.assertEqual(given_by_claims(self.directory), given_by_kubelets(self.directory))
        self.assertEqual(given_by_kubelets(self.directory)["gang-1", "ens1"], "node-3")
        self.heal("split-gang")

    def test_busy_device(self):
        self.inject("busy-device")
        claims = given_by_claims(self.directory)
        self.assertEqual(claims, given_by_kubelets(self.directory))
        self.assertEqual(claims["trainer-0", "ens2"], "node-5")
        self.assertNotIn(("stage-5", "ens2"), claims)
        self.heal("busy-device")

    def test_dead_agent(self):
        pid = next(node for node in self.status(self.directory)["nodes"]
                   if node["name"] == "node-5")["agent"]["pid"]
        self.inject("dead-agent")
        states = {node["name"]: node["agent"]["state"]
                  for node in self.status(self.directory)["nodes"]}
        self.assertEqual([name for name, state in states.items() if state == "dead"], ["node-5"])
        self.assertFalse(os.path.exists(f"/proc/{pid}/ns/net"))
        self.heal("dead-agent")

    def test_hung_probe(self):
        self.inject("hung-probe")
        for node, hung in (("node-5", True), ("node-4", False)):
            pid = int(self.on(self.directory, node, "sh", "-c",
                              f"{self.programs}/bin/plumbline-probe 30 >/dev/null 2>&1 & echo $!"))
            stopped = lambda: " T " in pathlib.Path(f"/proc/{pid}/stat").read_text()[:60]
            self.assertEqual(until(stopped) if hung else stopped(), hung)
            self.addCleanup(self.on, self.directory, node, "kill", "-KILL", str(pid))
            if hung:
                first = stopped
        self.heal("hung-probe")
        self.assertTrue(until(lambda: not first()))

    def test_versions_tell_what_changed(self):
        versions = lambda: {name: node["metadata"]["resourceVersion"]
                            for name, node in named(bundle(self.directory, "nodes")).items()}
        before = versions()
        self.inject("lying-label")
        after = versions()
        self.assertEqual([name for name in after if after[name] != before[name]], ["node-4"])
        self.heal("lying-label")

    def test_two_faults_on_one_thing_are_refused(self):
        self.inject("dead-link")
        again = rack(self.directory, "fault", "flapping-link")
        self.assertEqual((again.returncode, len(again.stderr.splitlines())), (1, 1))
        self.heal("dead-link")


if __name__ == "__main__":
    support.main()
