#!/usr/bin/env python3
"""The links of a healthy rack: who reaches whom, how fast, and what stands where."""

import json
import shutil
import unittest

import support
from support import RackCase


class Links(RackCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.directory = cls.up("r", "--no-agents")

    def goodput(self, sender, receiver, address, *flags):
        """Mb/s that iperf3's receiving end counted, for every stream."""
        self.on(self.directory, receiver, "iperf3", "-s", "-1", "-D", "-B", address)
        said = self.on(self.directory, sender, "sh", "-c",
                       'for i in 1 2 3 4 5 6 7 8 9; do out=$(iperf3 "$@") && break; done; '
                       'echo "$out"', "-", "-c", address, "-t", "2", "-J",
                       "--connect-timeout", "2000", *flags)
        streams = json.loads(said)["end"]["streams"]
        return [one["receiver"]["bits_per_second"] / 1e6 for one in streams]

    def test_every_node_answers_on_every_link(self):
        script = "; ".join(f"ping -q -c1 -W2 10.70.{net}.{10 + node} >/dev/null || exit 1"
                           for net in (0, 1, 2) for node in range(1, 7))
        for node in range(1, 7):
            self.on(self.directory, f"node-{node}", "sh", "-c", script)
        self.on(self.directory, "control", "ping", "-q", "-c1", "-W2", "node-6")

    def test_control_is_on_the_management_link_alone(self):
        links = self.on(self.directory, "control", "ls", "/sys/class/net").split()
        self.assertEqual(sorted(links), ["lo", "mgmt0"])

    def test_a_node_has_its_own_name_hosts_and_devices(self):
        said = self.on(self.directory, "node-2", "sh", "-c",
                       "hostname; cd /sys/class/net; "
                       "for d in *; do echo $d $(cat $d/address); done; grep -c node- /etc/hosts").split("\n")
        self.assertEqual(said[:6], ["node-2", "ens1 02:70:00:01:02:01", "ens2 02:70:00:01:02:02",
                                    "lo 00:00:00:00:00:00", "mgmt0 02:70:00:01:02:00", "6"])

    def test_the_nodes_see_no_rate_of_their_own(self):
        said = self.on(self.directory, "node-1", "tc", "qdisc", "show", "dev", "ens1")
        self.assertNotIn("tbf", said)

    @unittest.skipUnless(shutil.which("iperf3"), "iperf3 is not installed")
    def test_a_nic_is_faster_than_an_uplink_and_both_are_full_duplex(self):
        inside = self.goodput("node-1", "node-2", "10.70.1.12", "--bidir")
        across = self.goodput("node-1", "node-4", "10.70.1.14", "--bidir")
        self.assertEqual((len(inside), len(across)), (2, 2))
        for nic, uplink in zip(inside, across):
            self.assertTrue(110 < nic < 205, inside)
            self.assertTrue(55 < uplink < 103, across)

    @unittest.skipUnless(shutil.which("iperf3"), "iperf3 is not installed")
    def test_rails_do_not_share_an_uplink(self):
        for address in ("10.70.1.15", "10.70.2.15"):
            self.assertTrue(55 < self.goodput("node-3", "node-5", address)[0] < 103)

    def test_a_rail_can_be_raised_slower_and_stays_so_when_it_is_healed(self):
        slow = self.up("slow", "--no-agents", "--rate", "rail-b=60")
        declared = (slow / "stage.yaml").read_text()
        self.assertIn("name: rail-a, subnet: 10.70.1.0/24, nic_rate: 200Mb/s", declared)
        self.assertIn("name: rail-b, subnet: 10.70.2.0/24, nic_rate: 60Mb/s", declared)
        self.ok(slow, "fault", "slow-nic", "--rail", "rail-b", "--rate", "20")
        self.ok(slow, "heal")
        rates = {one["rail"]: (one["receives_mbit"], one["sends_mbit"]) for one in self.status(slow)["links"]}
        self.assertEqual(rates, {"rail-a": (200, 200), "rail-b": (60, 60)})

    def test_a_rate_that_makes_no_sense_is_one_line(self):
        for word, more in (("rail-c=5", "rail-a, rail-b"), ("rail-b=x", "no rate"), ("rail-b", "no rate"),
                           ("rail-b=0", "no rate")):
            said = support.rack(self.top / "never", "up", "--rate", word)
            self.assertEqual((said.returncode, said.stderr.count("\n")), (64, 1))
            self.assertIn(f"--rate {word}: ", said.stderr)
            self.assertIn(more, said.stderr)


if __name__ == "__main__":
    support.main()
