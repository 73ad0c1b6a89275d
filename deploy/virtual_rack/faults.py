"""The faults that the rack can be given: what each needs, does, says and undoes."""

from dataclasses import dataclass
from typing import Callable

from . import fault_actions as act
from . import fault_words as say
from . import layout
from .errors import RackError, UsageError


@dataclass(frozen=True)
class Fault:
    """One kind of fault. `defaults` names the parameters it takes; `touches` what it occupies."""

    kind: str
    summary: str
    defaults: dict
    touches: str
    inject: Callable = act.nothing
    heal: Callable = act.nothing
    change: Callable = say.nothing
    check: Callable = say.anything


NIC = {"node": "node-3", "rail": "rail-a"}
FAULTS = {fault.kind: fault for fault in (
    Fault("slow-nic", "one NIC's rate falls, both directions (--rate Mb/s)",
          {**NIC, "rate": 60}, "rate {node} {rail}", act.slow_nic, act.restore_nic),
    Fault("slow-uplink", "one rack's uplink falls, both directions (--rate Mb/s)",
          {"rack": "rack-2", "rail": "rail-a", "rate": 50}, "uplink {rack} {rail}",
          act.slow_uplink, act.restore_uplink),
    Fault("dead-link", "one NIC loses its carrier", NIC, "carrier {node} {rail}",
          act.cut_link, act.join_link),
    Fault("flapping-link", "one NIC's link is down 120 ms of every 400 ms", NIC,
          "carrier {node} {rail}", act.start_flapping, act.stop_flapping),
    Fault("lossy-link", "one NIC's cable loses packets, both directions (--percent)",
          {**NIC, "percent": 5}, "loss {node} {rail}", act.start_loss, act.stop_loss),
    Fault("lying-label", "one node's rack label names another rack",
          {"node": "node-4", "rack": "rack-3"}, "label {node}", change=say.lying_label,
          check=say.check_label),
    Fault("wrong-slice", "one node's slice publishes what is not there (--what mac|mtu|nic)",
          {"node": "node-3", "rail": "rail-a", "what": "mac"}, "slice {node}",
          change=say.wrong_slice),
    Fault("foreign-device", "tenant/loader-0 holds a NIC that its claim was not given",
          {"node": "node-6", "rail": "rail-b"}, "device {node} {rail}",
          act.give_nic_to_pod, act.take_nic_back, check=say.check_storage_node),
    Fault("split-gang", "the gang that required one rack is bound over two",
          {"node": "node-3"}, "gang", change=say.split_gang, check=say.check_split),
    Fault("dead-agent", "one node's agent is killed", {"node": "node-5"}, "agent {node}",
          act.kill_agent, act.revive_agent),
    Fault("hung-probe", "every probe of one node is stopped as it starts",
          {"node": "node-5"}, "probes {node}", act.start_stopping, act.stop_stopping),
    Fault("busy-device", "a tenant's pod (tenant/trainer-0) holds a NIC by its claim",
          {"node": "node-5", "rail": "rail-b"}, "device {node} {rail}",
          change=say.busy_device),
)}
WHAT = ("mac", "mtu", "nic")


def known(kind):
    if kind not in FAULTS:
        raise UsageError(f"no fault is called '{kind}': {', '.join(FAULTS)}")
    return FAULTS[kind]


def resolve(fault, given):
    """The fault's parameters: its defaults and what the user gave; refuses what makes no sense."""
    for name in given:
        if name not in fault.defaults:
            takes = ", ".join(f"--{key}" for key in fault.defaults)
            raise UsageError(f"{fault.kind} takes no --{name}: {takes}")
    parameters = {**fault.defaults, **given}
    allowed = {"node": [node.name for node in layout.NODES],
               "rail": [rail.name for rail in layout.RAILS],
               "rack": [f"rack-{rack}" for rack in layout.RACKS], "what": list(WHAT)}
    for name, choices in allowed.items():
        if name in parameters and parameters[name] not in choices:
            raise UsageError(f"--{name} '{parameters[name]}': {', '.join(choices)}")
    if parameters.get("percent", 0) > 100:
        raise UsageError(f"--percent {parameters['percent']}: at most 100")
    fault.check(parameters)
    return parameters


def inject(rack, kind, given):
    """Injects one fault for real; on an error the rack is as before."""
    fault = known(kind)
    parameters = resolve(fault, given)
    claim = fault.touches.format(**parameters)
    for other in rack.state.faults:
        if other["touches"] == claim:
            raise RackError(f"{other['kind']} already holds this ({claim}): heal it first")
    try:
        fault.inject(rack, parameters)
    except (RackError, OSError):
        fault.heal(rack, parameters)
        raise
    rack.state.faults.append({"kind": kind, "parameters": parameters, "touches": claim})
    _settle(rack)
    return parameters


def heal(rack, kind=None):
    """Heals every active fault of that kind (all kinds without one); returns what was healed."""
    if kind is not None:
        known(kind)
    chosen = [one for one in rack.state.faults if kind in (None, one["kind"])]
    for one in reversed(chosen):
        FAULTS[one["kind"]].heal(rack, one["parameters"])
        rack.state.faults.remove(one)
        _settle(rack)
    return chosen


def _settle(rack):
    """Rewrites the cluster's word for the faults that are active now."""
    active = list(rack.state.faults)
    rack.write_word([_change(one) for one in active])
    rack.state.save()


def _change(one):
    fault = FAULTS[one["kind"]]
    return lambda word: fault.change(word, one["parameters"])
