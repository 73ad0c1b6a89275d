"""Faults in the world: links, processes and devices of the rack, injected and healed."""

import os
import signal
import sys

from . import kernel, layout, links, namespaces, processes
from .commands import nft
from .errors import RackError

PROBE = "plumbline-probe"


def nothing(rack, parameters):
    """Faults of the cluster's word do nothing to the world."""


def _nic(parameters):
    return layout.node_named(parameters["node"]), layout.rail_named(parameters["rail"])


# --- rates -----------------------------------------------------------------------------------

def slow_nic(rack, parameters):
    links.set_rate(rack.names, links.nic_devices(*_nic(parameters)), parameters["rate"])


def restore_nic(rack, parameters):
    _, rail = _nic(parameters)
    _restore(rack, links.nic_devices(*_nic(parameters)), rack.state.nic_mbit(rail))


def _uplink(parameters):
    rail = layout.rail_named(parameters["rail"])
    return links.uplink_devices(int(parameters["rack"].rpartition("-")[2]), rail)


def slow_uplink(rack, parameters):
    links.set_rate(rack.names, _uplink(parameters), parameters["rate"])


def restore_uplink(rack, parameters):
    _restore(rack, _uplink(parameters), layout.rail_named(parameters["rail"]).uplink_mbit)


def _restore(rack, devices, mbit):
    if rack.state.values["shaped"]:
        links.set_rate(rack.names, devices, mbit)
    else:
        links.clear_rate(rack.names, devices)


# --- carrier ---------------------------------------------------------------------------------

def cut_link(rack, parameters):
    links.set_port(rack.names, *_nic(parameters), up=False)


def join_link(rack, parameters):
    links.set_port(rack.names, *_nic(parameters), up=True)


def start_flapping(rack, parameters):
    node, rail = _nic(parameters)
    fabric = namespaces.path(rack.names.fabric)
    rack.start(f"flapper/{node.name}/{rail.name}",
               [sys.executable, rack.script, "flap-link", layout.node_port(node, rail)],
               rack.names.path("logs", "flapper.log"),
               lambda: kernel.enter(fabric, kernel.CLONE_NEWNET))


def stop_flapping(rack, parameters):
    rack.stop("flapper/{node}/{rail}".format(**parameters))
    join_link(rack, parameters)


# --- loss ------------------------------------------------------------------------------------

def start_loss(rack, parameters):
    """Drops on arrival at both ends of the cable, packet by packet."""
    node, rail = _nic(parameters)
    links.segment(rack.names, node, rail, True)
    share = round(float(parameters["percent"]) * 100)
    for namespace, device in _loss_ends(rack, node, rail):
        nft(namespace, f"table netdev {layout.loss_table(node, rail)} {{\n chain loss {{\n"
            f"  type filter hook ingress device {device} priority 0\n"
            f"  numgen random mod 10000 < {share} counter drop\n }}\n}}\n")


def stop_loss(rack, parameters):
    node, rail = _nic(parameters)
    for namespace, _ in _loss_ends(rack, node, rail):
        table = layout.loss_table(node, rail)
        nft(namespace, f"add table netdev {table}\ndelete table netdev {table}\n")
    links.segment(rack.names, node, rail, False)


def _loss_ends(rack, node, rail):
    return ((rack.names.namespace(node.name), rail.device),
            (rack.names.fabric, layout.leaf_port(node, rail)))


# --- devices ---------------------------------------------------------------------------------

def give_nic_to_pod(rack, parameters):
    node, rail = _nic(parameters)
    links.move_nic(rack.names.namespace(node.name), rack.names.pod, node, rail)


def take_nic_back(rack, parameters):
    node, rail = _nic(parameters)
    if rail.device in links.show(rack.names.pod):
        links.move_nic(rack.names.pod, rack.names.namespace(node.name), node, rail)


# --- agents and probes -----------------------------------------------------------------------

def kill_agent(rack, parameters):
    record = rack.state.processes.get(f"agent/{parameters['node']}")
    if record is None or not processes.alive(record):
        raise RackError(f"no agent runs on {parameters['node']}")
    processes.kill(record)


def revive_agent(rack, parameters):
    name = f"agent/{parameters['node']}"
    record = rack.state.processes.get(name)
    if record is not None and not processes.alive(record):
        rack.start_agent(layout.node_named(parameters["node"]))
        rack.wait_ready([name])


def start_stopping(rack, parameters):
    node = parameters["node"]
    network = os.stat(namespaces.path(rack.names.namespace(node))).st_ino
    binary = os.path.join(rack.state.values["build"], "bin", PROBE)
    rack.start(f"stopper/{node}",
               [sys.executable, rack.script, "stop-probes", str(network), binary],
               rack.names.path("logs", "stopper.log"))


def stop_stopping(rack, parameters):
    rack.stop(f"stopper/{parameters['node']}")
    network = os.stat(namespaces.path(rack.names.namespace(parameters["node"]))).st_ino
    for record in processes.inside({network}):
        if processes.name_of(record["pid"]) == PROBE:
            os.kill(record["pid"], signal.SIGCONT)
