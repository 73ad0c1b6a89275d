"""The stage file of the rack: who the agents are, and the rates that software cannot see."""

from . import layout


def text(nic_mbit):
    """stage.yaml; its paths are relative to the file itself. `nic_mbit` gives the rate of a rail's NICs."""
    agents = "".join(f"  - {{node: {node.name}, "
                     f"address: \"{node.management}:{layout.AGENT_PORT}\"}}\n"
                     for node in layout.NODES)
    rails = "".join(f"    - {{name: {rail.name}, subnet: {rail.subnet}, "
                    f"nic_rate: {nic_mbit(rail)}Mb/s, uplink_rate: {rail.uplink_mbit}Mb/s}}\n"
                    for rail in layout.RAILS)
    return ("schema: plumbline.stage/v1\n"
            "name: virtual-rack\n"
            f"agents:\n{agents}"
            "tls: {ca: pki/ca.pem, certificate: pki/coordinator-cert.pem, "
            "key: pki/coordinator-key.pem}\n"
            "claims: {bundle: bundle}\n"
            f"own: {{namespace: {layout.OWN_NAMESPACE}}}\n"
            f"fabric:\n  rack_label: {layout.RACK_LABEL}\n"
            f"  management: {layout.MANAGEMENT_SUBNET}\n  rails:\n{rails}"
            "require: {coverage: 1.0}\n"
            "measure: {width: 0.01, pair_budget: 3s, batch: 150ms, message_sizes: [64KiB], "
            "both_ways: true, latency: true, node_probes: true}\n"
            "collectives: {operations: [all_reduce], groups: [all, rack], size: 4MiB}\n"
            "deadline: 10m\n")
