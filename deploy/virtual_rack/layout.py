"""What the healthy rack is made of: nodes, racks, rails, addresses, rates. Values only."""

import hashlib
import ipaddress
import os
from dataclasses import dataclass, field

MTU = 1500
AGENT_PORT = 7443
RACK_LABEL = "fabric.topograph.run/tier-0"
SPINE_LABEL = "fabric.topograph.run/tier-1"
ZONE_LABEL = "topology.kubernetes.io/zone"
MANAGEMENT_SUBNET = "10.70.0.0/24"
STORAGE_SUBNET = "10.70.3.0/24"
OWN_NAMESPACE = "plumbline"
TENANT_NAMESPACE = "tenant"
GANG = "gang"


@dataclass(frozen=True)
class Rail:
    """One rail: the NICs on one subnet. `letter` names its devices inside the fabric."""

    name: str
    letter: str
    device: str
    subnet: str
    number: int
    nic_mbit: int = 200
    uplink_mbit: int = 100

    def address(self, node):
        return host_address(self.subnet, 10 + node.number)


@dataclass(frozen=True)
class Node:
    """One node; `number` starts at 1."""

    name: str
    number: int
    rack: int

    @property
    def management(self):
        return host_address(MANAGEMENT_SUBNET, 10 + self.number)

    @property
    def rack_name(self):
        return f"rack-{self.rack}"


RAILS = (
    Rail("rail-a", "a", "ens1", "10.70.1.0/24", 1),
    Rail("rail-b", "b", "ens2", "10.70.2.0/24", 2),
)
NODES = tuple(Node(f"node-{n}", n, (n + 1) // 2) for n in range(1, 7))
RACKS = tuple(sorted({node.rack for node in NODES}))
CONTROL_ADDRESS = "10.70.0.1"
STORAGE_NODE = NODES[5]
STORAGE_DEVICE = "ens3"
STORAGE_POD = "loader-0"


def host_address(subnet, number):
    """The address with that number in the subnet, without its prefix length."""
    return str(ipaddress.ip_network(subnet).network_address + number)


def storage_address():
    return host_address(STORAGE_SUBNET, 10 + STORAGE_NODE.number)


def mac(node, nic_number):
    """The fixed, locally administered MAC; 0 is the management NIC, 3 the storage NIC."""
    return f"02:70:00:{node.rack:02x}:{node.number:02x}:{nic_number:02x}"


def node_named(name):
    return next((node for node in NODES if node.name == name), None)


def rail_named(name):
    return next((rail for rail in RAILS if rail.name == name), None)


@dataclass(frozen=True)
class Names:
    """Where this rack lives: its directory and the prefix of its network namespaces."""

    directory: str
    prefix: str = field(default="")

    @staticmethod
    def of(directory):
        real = os.path.realpath(directory)
        return Names(real, "pl" + hashlib.sha256(real.encode()).hexdigest()[:6])

    def namespace(self, name):
        """`node-1`, `control`, `fabric` or `pod-loader-0` -> the network namespace."""
        return f"{self.prefix}-{name}"

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def node_path(self, node, *parts):
        return self.path("nodes", node.name, *parts)

    @property
    def pod(self):
        return self.namespace("pod-" + STORAGE_POD)

    @property
    def fabric(self):
        return self.namespace("fabric")

    def all_namespaces(self):
        own = [self.namespace(node.name) for node in NODES]
        return [self.fabric, self.namespace("control"), *own, self.pod]


# Device names inside the fabric namespace (each rack has a fabric of its own).
def node_port(node, rail):
    """The switch port that the node's NIC is plugged into; what the node receives leaves here."""
    return f"p{node.number}{rail.letter}"


def inner_port(node, rail):
    """The far end of the port's own little bridge; what the node sends leaves here."""
    return f"q{node.number}{rail.letter}"


def leaf_port(node, rail):
    """The leaf bridge's port towards the node."""
    return f"r{node.number}{rail.letter}"


def port_bridge(node, rail):
    return f"b{node.number}{rail.letter}"


def leaf(rack, rail):
    return f"leaf{rack}{rail.letter}"


def spine(rail):
    return f"spine{rail.letter}"


def uplink_leaf_end(rack, rail):
    return f"u{rack}{rail.letter}"


def uplink_spine_end(rack, rail):
    return f"s{rack}{rail.letter}"


def loss_table(node, rail):
    """The nftables table that drops packets at both ends of a NIC's cable."""
    return f"loss_{node.number}{rail.letter}"
