"""Faults in the cluster's word: each changes what is said, not what is there."""

from . import layout
from .errors import UsageError
from .word import Device, Pod


def nothing(word, parameters):
    """Most faults change nothing that is said."""


def anything(parameters):
    """Most faults accept every node, rail and rack."""


def check_label(parameters):
    node = layout.node_named(parameters["node"])
    if node.rack_name == parameters["rack"]:
        others = [f"rack-{rack}" for rack in layout.RACKS if rack != node.rack]
        raise UsageError(f"{node.name} is in {node.rack_name}; --rack: {', '.join(others)}")


def lying_label(word, parameters):
    word.rack_labels[parameters["node"]] = parameters["rack"]


def wrong_slice(word, parameters):
    devices = word.slices[parameters["node"]]
    rail = layout.rail_named(parameters["rail"])
    device = next(one for one in devices if one.name == rail.device)
    if parameters["what"] == "mac":
        device.mac = device.mac.replace("02:70:00", "02:70:ff")
    elif parameters["what"] == "mtu":
        device.mtu = 9000
    else:
        node = layout.node_named(parameters["node"])
        address = layout.host_address("10.70.9.0/24", 10 + node.number)
        devices.append(Device("ens9", layout.mac(node, 9), f"{address}/24"))


def check_storage_node(parameters):
    if parameters["node"] != layout.STORAGE_NODE.name:
        raise UsageError(f"tenant/{layout.STORAGE_POD} runs on {layout.STORAGE_NODE.name}; "
                         f"--node: {layout.STORAGE_NODE.name}")


def check_split(parameters):
    allowed = [node.name for node in layout.NODES if node.rack != 1]
    if parameters["node"] not in allowed:
        raise UsageError(f"{parameters['node']} is in the gang's own rack; "
                         f"--node: {', '.join(allowed)}")


def split_gang(word, parameters):
    """The gang's second pod and the pod of the named node change places."""
    member = word.pod(f"{layout.GANG}-1")
    other = own_pod(word, layout.node_named(parameters["node"]))
    member.node, other.node = other.node, member.node


def own_pod(word, node):
    return next(pod for pod in word.pods
                if pod.namespace == layout.OWN_NAMESPACE and pod.node == node)


def busy_device(word, parameters):
    """The stage's pod on that node gets one NIC less; a tenant's pod has it."""
    node, rail = layout.node_named(parameters["node"]), layout.rail_named(parameters["rail"])
    own_pod(word, node).devices.remove(rail.device)
    word.pods.append(Pod(layout.TENANT_NAMESPACE, "trainer-0", node, "trainer-0-nic",
                         [rail.device]))
