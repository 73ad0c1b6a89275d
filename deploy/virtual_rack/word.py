"""The cluster's word as values: who claims which device, and which labels and slices exist.

This is the one description. The bundle (objects.py) and the kubelets' answers (kubelet.py) are
both written from it, so they cannot disagree by accident. A fault changes the description."""

from dataclasses import dataclass, field

from . import layout


@dataclass
class Device:
    """One device of a ResourceSlice, as dranet publishes a NIC."""

    name: str
    mac: str
    address: str
    mtu: int = layout.MTU


@dataclass
class Pod:
    """One pod, its node and the devices that its claim was given."""

    namespace: str
    name: str
    node: layout.Node
    claim: str
    devices: list
    gang: str = ""
    network: str = ""  # its own network namespace; empty = the host's


@dataclass
class Word:
    """Everything that the scheduler, the drivers and the kubelets say."""

    rack_labels: dict = field(default_factory=dict)
    slices: dict = field(default_factory=dict)
    pods: list = field(default_factory=list)

    def pod(self, name):
        return next(pod for pod in self.pods if pod.name == name)


def healthy(names):
    """The word that is true for the rack as `up` builds it."""
    word = Word({node.name: node.rack_name for node in layout.NODES})
    for node in layout.NODES:
        word.slices[node.name] = [_rail_device(node, rail) for rail in layout.RAILS]
    word.slices[layout.STORAGE_NODE.name].append(_storage_device())
    rail_devices = [rail.device for rail in layout.RAILS]
    for node in layout.NODES:
        gang = layout.GANG if node.rack == 1 else ""
        name = f"{layout.GANG}-{node.number - 1}" if gang else f"stage-{node.number}"
        word.pods.append(Pod(layout.OWN_NAMESPACE, name, node, f"{name}-nics",
                             list(rail_devices), gang))
    word.pods.append(Pod(layout.TENANT_NAMESPACE, layout.STORAGE_POD, layout.STORAGE_NODE,
                         f"{layout.STORAGE_POD}-nic", [layout.STORAGE_DEVICE], "", names.pod))
    return word


def _rail_device(node, rail):
    return Device(rail.device, layout.mac(node, rail.number), f"{rail.address(node)}/24")


def _storage_device():
    return Device(layout.STORAGE_DEVICE, layout.mac(layout.STORAGE_NODE, 3),
                  f"{layout.storage_address()}/24")
