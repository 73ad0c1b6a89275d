"""What is really there now: read from the kernel, not from the rack's memory."""

from . import layout, links, namespaces, processes
from .commands import read_json, tool
from .errors import RackError


def read(rack):
    """The rack's state as one JSON value: nodes, links, uplinks, pods, active faults."""
    here = set(namespaces.present(rack.names.prefix))
    rates = _rates(rack.names.fabric) if rack.names.fabric in here else {}
    devices = {name: links.show(name) for name in here}
    lossy = {rack.names.fabric, *(rack.names.namespace(node.name) for node in layout.NODES)}
    losses = {name: _loss_tables(name) for name in here & lossy}
    return {
        "schema": "plumbline.rack-status/v1",
        "directory": rack.names.directory,
        "prefix": rack.names.prefix,
        "user_namespace": bool(rack.state.values["holder"]),
        "nodes": [_node(rack, node, here) for node in layout.NODES],
        "links": [_link(rack.names, node, rail, devices, rates, losses)
                  for rail in layout.RAILS for node in layout.NODES],
        "uplinks": [_uplink(rack.names, number, rail, devices, rates)
                    for rail in layout.RAILS for number in layout.RACKS],
        "pods": {f"{layout.TENANT_NAMESPACE}/{layout.STORAGE_POD}":
                 sorted(set(devices.get(rack.names.pod, {})) - {"lo"})},
        "helpers": sorted(name for name, record in rack.state.processes.items()
                          if name.partition("/")[0] not in ("agent", "kubelet")
                          and processes.alive(record)),
        "faults": [{"kind": one["kind"], **one["parameters"]} for one in rack.state.faults],
    }


def _node(rack, node, here):
    return {"name": node.name, "rack": node.rack_name, "management": node.management,
            "namespace": rack.names.namespace(node.name),
            "up": rack.names.namespace(node.name) in here,
            "agent": _process(rack, f"agent/{node.name}"),
            "kubelet": _process(rack, f"kubelet/{node.name}")}


def _process(rack, name):
    record = rack.state.processes.get(name)
    if record is None:
        return {"state": "absent"}
    return {"state": "running" if processes.alive(record) else "dead", "pid": record["pid"]}


def _rates(namespace):
    """Device -> Mb/s of its tbf."""
    found = read_json(["tc", "-n", namespace, "-j", "qdisc", "show"])
    return {one["dev"]: one["options"]["rate"] * 8 / 1e6 for one in found
            if one.get("kind") == "tbf"}


def _link(names, node, rail, devices, rates, losses):
    port, inner = links.nic_devices(node, rail)
    space = names.namespace(node.name)
    nic = devices.get(space, {}).get(rail.device)
    table = layout.loss_table(node, rail)
    return {"node": node.name, "rail": rail.name, "device": rail.device,
            "state": _nic_state(nic),
            "loss": table in losses.get(space, ()) or table in losses.get(names.fabric, ()),
            "receives_mbit": rates.get(port), "sends_mbit": rates.get(inner)}


def _nic_state(nic):
    if nic is None:
        return "moved away"
    return "up" if "LOWER_UP" in nic["flags"] else "no carrier"


def _loss_tables(namespace):
    """The names of the nftables tables there; a machine without nft has none."""
    try:
        found = read_json(["ip", "netns", "exec", namespace, tool("nft"), "-j", "list", "tables"])
    except RackError:
        return set()
    return {item["table"]["name"] for item in found["nftables"] if "table" in item}


def _uplink(names, number, rail, devices, rates):
    low, high = layout.uplink_leaf_end(number, rail), layout.uplink_spine_end(number, rail)
    there = devices.get(names.fabric, {})
    up = all("LOWER_UP" in there.get(end, {"flags": []})["flags"] for end in (low, high))
    return {"rack": f"rack-{number}", "rail": rail.name, "state": "up" if up else "down",
            "to_spine_mbit": rates.get(low), "to_rack_mbit": rates.get(high)}


# --- the table -------------------------------------------------------------------------------

def table(value):
    """The same as text for a person."""
    lines = [f"rack in {value['directory']} (namespaces {value['prefix']}-*"
             + (", inside a user namespace)" if value["user_namespace"] else ")"), ""]
    lines += _columns(("NODE", "RACK", "MANAGEMENT", "AGENT", "KUBELET"),
                      [(n["name"], n["rack"], n["management"], n["agent"]["state"],
                        n["kubelet"]["state"]) for n in value["nodes"]])
    lines += [""] + _columns(
        ("LINK", "RAIL", "STATE", "RECEIVES", "SENDS", "LOSS"),
        [(one["node"] + " " + one["device"], one["rail"], one["state"],
          _rate(one["receives_mbit"]), _rate(one["sends_mbit"]), "yes" if one["loss"] else "no")
         for one in value["links"]])
    lines += [""] + _columns(
        ("UPLINK", "RAIL", "STATE", "TO SPINE", "TO RACK"),
        [(one["rack"], one["rail"], one["state"], _rate(one["to_spine_mbit"]),
          _rate(one["to_rack_mbit"])) for one in value["uplinks"]])
    lines += ["", "pods: " + "; ".join(f"{pod} has {', '.join(held) or 'no device'}"
                                       for pod, held in value["pods"].items())]
    return "\n".join(lines + ["active faults: " + (_faults(value["faults"]) or "none")])


def _rate(mbit):
    return "unshaped" if mbit is None else f"{mbit:.0f} Mb/s"


def _faults(faults):
    return "; ".join(" ".join([one["kind"]] + [f"{key}={text}" for key, text in one.items()
                                               if key != "kind"]) for one in faults)


def _columns(titles, rows):
    rows = [titles, *rows]
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(titles))]
    return ["  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip()
            for row in rows]
