"""Devices, bridges and rates of the rack. Every rate is applied on the switch side.

A NIC's cable is node `ens1` <-> `p` in the fabric. `p` and `q` are the two ports of a bridge of
their own, `q` <-> `r` is a veth pair and `r` is the leaf's port. So both directions leave through
a device of the switch (`p` towards the node, `q` towards the leaf) and tbf can queue them."""

from . import kernel, layout, namespaces
from .commands import ip, read_json, tc

# 128 KiB is 5 ms of a NIC, about as long as a busy machine lets a queue wait; a tenth of 50 ms.
# The queue holds the windows of several connections (namespaces.py), so that none is dropped.
BURST = "128kb"
QUEUE = "8000kb"


def tbf(device, mbit):
    return f"qdisc replace dev {device} root tbf rate {mbit}mbit burst {BURST} limit {QUEUE}"


def build(names, nic_mbit, shaped=True):
    """Makes all links of a rack whose namespaces exist. `nic_mbit` gives the rate of a rail's NICs."""
    ip(names.fabric, _fabric_lines(names))
    for node in layout.NODES:
        ip(names.namespace(node.name), _node_lines(node))
    ip(names.namespace("control"), [f"addr add {layout.CONTROL_ADDRESS}/24 dev mgmt0",
                                    f"link set mgmt0 mtu {layout.MTU} up"])
    ip(names.pod, [f"addr add {layout.storage_address()}/24 dev {layout.STORAGE_DEVICE}",
                   f"link set {layout.STORAGE_DEVICE} mtu {layout.MTU} up"])
    if shaped:
        tc(names.fabric, _rate_lines(nic_mbit))
    _keep_order(names)


def _bridge(name):
    return [f"link add {name} type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
            f"link set {name} mtu {layout.MTU} up"]


def _fabric_lines(names):
    lines = _bridge("mgmt") + _management_lines("control", 0, names, "02:70:00:00:00:00")
    for node in layout.NODES:
        lines += _management_lines(node.name, node.number, names, layout.mac(node, 0))
    for rail in layout.RAILS:
        lines += _bridge(layout.spine(rail))
        for rack in layout.RACKS:
            lines += _uplink_lines(rack, rail)
        for node in layout.NODES:
            lines += _nic_lines(node, rail, names)
    pod_nic = f"name {layout.STORAGE_DEVICE} netns {names.pod}"
    return lines + [f"link add storage type veth peer {pod_nic} "
                    f"address {layout.mac(layout.STORAGE_NODE, 3)}", "link set storage up"]


def _management_lines(host, number, names, mac):
    return [f"link add m{number} type veth peer name mgmt0 netns {names.namespace(host)} "
            f"address {mac}", f"link set m{number} master mgmt up"]


def _uplink_lines(rack, rail):
    low, high = layout.uplink_leaf_end(rack, rail), layout.uplink_spine_end(rack, rail)
    return [*_bridge(layout.leaf(rack, rail)),
            f"link add {low} type veth peer name {high}",
            f"link set {low} master {layout.leaf(rack, rail)} up",
            f"link set {high} master {layout.spine(rail)} up"]


def _nic_lines(node, rail, names):
    port, inner, outer = (layout.node_port(node, rail), layout.inner_port(node, rail),
                          layout.leaf_port(node, rail))
    bridge = layout.port_bridge(node, rail)
    return [f"link add {port} type veth peer name {rail.device} "
            f"netns {names.namespace(node.name)} address {layout.mac(node, rail.number)}",
            f"link add {inner} type veth peer name {outer}", *_bridge(bridge),
            f"link set {port} master {bridge} up", f"link set {inner} master {bridge} up",
            f"link set {outer} master {layout.leaf(node.rack, rail)} up"]


def _node_lines(node):
    nics = [("mgmt0", node.management)] + [(r.device, r.address(node)) for r in layout.RAILS]
    lines = []
    for device, address in nics:
        lines += [f"addr add {address}/24 dev {device}", f"link set {device} mtu {layout.MTU} up"]
    return lines


def _rate_lines(nic_mbit):
    lines = []
    for rail in layout.RAILS:
        for node in layout.NODES:
            lines += [tbf(device, nic_mbit(rail)) for device in nic_devices(node, rail)]
        for rack in layout.RACKS:
            lines += [tbf(device, rail.uplink_mbit) for device in uplink_devices(rack, rail)]
    return lines


def nic_devices(node, rail):
    """The fabric devices that set a NIC's rate: first what it receives, then what it sends."""
    return layout.node_port(node, rail), layout.inner_port(node, rail)


def uplink_devices(rack, rail):
    return layout.uplink_leaf_end(rack, rail), layout.uplink_spine_end(rack, rail)


def _keep_order(names):
    """Receive offload makes a veth deliver through one NAPI queue: packets stay in order.

    Without it a tbf that wakes on another CPU reorders packets, which TCP takes for loss."""
    fabric = [d for rail in layout.RAILS for rack in layout.RACKS
              for d in uplink_devices(rack, rail)]
    for rail in layout.RAILS:
        for node in layout.NODES:
            fabric += [*nic_devices(node, rail), layout.leaf_port(node, rail)]
    _offload(names.fabric, fabric, gro=True)
    for node in layout.NODES:
        _offload(names.namespace(node.name), [r.device for r in layout.RAILS], gro=True)


def _offload(namespace, devices, **features):
    kernel.in_network(namespaces.path(namespace), lambda: kernel.set_offload(devices, **features))


def set_rate(names, devices, mbit):
    tc(names.fabric, [tbf(device, mbit) for device in devices])


def clear_rate(names, devices):
    tc(names.fabric, [f"qdisc del dev {device} root" for device in devices])


def set_port(names, node, rail, up):
    """Sets the switch side of a NIC's cable up or down; down takes the NIC's carrier away."""
    ip(names.fabric, [f"link set {layout.node_port(node, rail)} {'up' if up else 'down'}"])


def move_nic(source, target, node, rail):
    """Moves a rail's NIC to another network namespace and configures it there as it was."""
    ip(source, [f"link set {rail.device} netns {target}"])
    ip(target, [f"addr add {rail.address(node)}/24 dev {rail.device}",
                f"link set {rail.device} up"])


def segment(names, node, rail, on):
    """Carries a NIC's packets one by one (on), so that a drop rule counts real packets."""
    _offload(names.fabric, nic_devices(node, rail), tso=not on, gso=not on)
    _offload(names.fabric, [layout.leaf_port(node, rail)], gro=not on)
    _offload(names.namespace(node.name), [rail.device], gro=not on)


def show(namespace):
    """What `ip -j address` says about the namespace's devices, by device name."""
    return {link["ifname"]: link
            for link in read_json(["ip", "-n", namespace, "-j", "address", "show"])}
