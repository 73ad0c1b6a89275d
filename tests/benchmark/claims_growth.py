#!/usr/bin/env python3
"""How much CPU time `plumbline check` takes over a generated cluster, and how much memory, as it grows.

claims_growth.py PLUMBLINE [--records] [NODES...]     default 100 1000 10000; 8 GPUs and 8 NICs a node, 2 pods a node

With --records the bundle also holds what each node and its kubelet told: PCI functions, NICs, holdings, checkpoints.
"""
import json
import os
import pathlib
import resource
import shutil
import sys
import tempfile

ROOT = "resource.kubernetes.io/pcieRoot"
NUMA = "resource.kubernetes.io/numaNode"
NODES_A_FILE = 500


def devices(kind, node):
    for index in range(8):
        common = {ROOT: {"string": f"pci0000:{index:02x}"}, NUMA: {"int": index // 4}}
        if kind == "gpu":
            yield {"name": f"gpu-{index}", "attributes": {
                **common, "uuid": {"string": f"GPU-{node}-{index}"}, "type": {"string": "gpu"}}}
        else:
            yield {"name": f"nic-{index}", "attributes": {
                **common, "dra.net/ifName": {"string": f"rdma{index}"}, "dra.net/rdma": {"bool": True}}}


def slice_of(driver, kind, node):
    return {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice",
            "metadata": {"name": f"{node}-{kind}", "uid": f"s-{node}-{kind}", "resourceVersion": "1"},
            "spec": {"driver": driver, "nodeName": node,
                     "pool": {"name": node, "generation": 1, "resourceSliceCount": 1},
                     "devices": list(devices(kind, node))}}


def work_of(number, node):
    """Two pods a node, each with a GPU and a NIC of one root; gangs of eight pods in one rack."""
    for half in range(2):
        pod, device = f"pod-{number}-{half}", half * 4
        yield {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim",
               "metadata": {"name": pod, "namespace": "work", "uid": f"c-{pod}", "resourceVersion": "2"},
               "spec": {"devices": {
                   "requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu.nvidia.com", "count": 1}},
                                {"name": "nic", "exactly": {"deviceClassName": "dra.net", "count": 1}}],
                   "constraints": [{"requests": ["gpu", "nic"], "matchAttribute": ROOT}]}},
               "status": {"allocation": {
                   "devices": {"results": [
                       {"request": "gpu", "driver": "gpu.nvidia.com", "pool": node, "device": f"gpu-{device}"},
                       {"request": "nic", "driver": "dra.net", "pool": node, "device": f"nic-{device}"}]},
                   "nodeSelector": {"nodeSelectorTerms": [{"matchFields": [
                       {"key": "metadata.name", "operator": "In", "values": [node]}]}]}},
                   "reservedFor": [{"resource": "pods", "name": pod, "uid": f"p-{pod}"}]}}
        yield {"apiVersion": "v1", "kind": "Pod",
               "metadata": {"name": pod, "namespace": "work", "uid": f"p-{pod}", "resourceVersion": "3"},
               "spec": {"nodeName": node, "resourceClaims": [{"name": "dev", "resourceClaimName": pod}],
                        "schedulingGroup": {"podGroupName": f"gang-{number // 4}"}},
               "status": {"phase": "Running"}}
    if number % 4 == 0:
        yield {"apiVersion": "scheduling.k8s.io/v1alpha2", "kind": "PodGroup",
               "metadata": {"name": f"gang-{number // 4}", "namespace": "work", "uid": f"g-{number}"},
               "spec": {"schedulingPolicy": {"gang": {"minCount": 8}},
                        "schedulingConstraints": {"topology": [{"key": "example.com/rack"}]}}}


def objects_of(number):
    node = f"node-{number}"
    yield {"apiVersion": "v1", "kind": "Node",
           "metadata": {"name": node, "uid": f"n-{node}", "resourceVersion": "1",
                        "labels": {"example.com/rack": f"rack-{number // 16}", "kubernetes.io/hostname": node}}}
    yield slice_of("gpu.nvidia.com", "gpu", node)
    yield slice_of("dra.net", "nic", node)
    yield from work_of(number, node)


def topology_of(number):
    node = f"node-{number}"
    functions = [{"address": f"0000:{index:02x}:0{int(kind == 'nic')}.0", "kind": "network" if kind == "nic" else "display",
                  "vendor": "0x15b3" if kind == "nic" else "0x10de", "device": "0x1021", "driver": "x",
                  "name": kind, "root": f"pci0000:{index:02x}"}
                 for index in range(8) for kind in ("gpu", "nic")]
    nics = [{"name": f"rdma{index}", "mac": f"02:00:{number >> 8:02x}:{number & 255:02x}:00:{index:02x}",
             "mtu": 9000, "state": "up", "driver": "x", "virtual": False, "carrier_downs": 0,
             "addresses": [], "pci_address": f"0000:{index:02x}:01.0"} for index in range(8)]
    return {"schema": "plumbline.topology/v1", "node": node, "boot_id": node, "kernel": "6", "cpu_model": "x",
            "numa_nodes": [{"index": 0, "cpus": [0], "memory_bytes": 1}, {"index": 1, "cpus": [1], "memory_bytes": 1}],
            "pci_devices": functions, "network_devices": nics, "sandboxes": [], "problems": [],
            "read_at": "2026-11-23T06:24:35.123Z"}


def holdings_of(number):
    node = f"node-{number}"
    held, prepared = [], []
    for half in range(2):
        pod = f"pod-{number}-{half}"
        given = [("gpu.nvidia.com", f"gpu-{half * 4}"), ("dra.net", f"nic-{half * 4}")]
        held += [{"pod_namespace": "work", "pod_name": pod, "container": "main", "resource": "", "device": device,
                  "driver": driver, "pool": node, "claim": pod, "numa": []} for driver, device in given]
        prepared.append({"uid": f"c-{pod}", "namespace": "work", "claim": pod, "pods": [{"pod_uid": f"p-{pod}"}],
                         "devices": [{"driver": driver, "pool": node, "device": device} for driver, device in given]})
    return {"schema": "plumbline.holdings/v1", "node": node, "source": "/var/lib/kubelet/pod-resources/kubelet.sock",
            "holdings": held, "containers": [], "read_at": "2026-11-23T06:24:35.123Z",
            "state": {"shared_cpus": [0, 1], "entries": [], "problems": [], "plugins": [], "claims": prepared}}


def write_records(folder, nodes):
    os.mkdir(os.path.join(folder, "nodes"))
    for number in range(nodes):
        for kind, told in (("topology", topology_of(number)), ("holdings", holdings_of(number))):
            pathlib.Path(folder, "nodes", f"node-{number}.{kind}.json").write_text(json.dumps(told), encoding="utf-8")


def write(folder, nodes):
    for start in range(0, nodes, NODES_A_FILE):
        items = [item for number in range(start, min(nodes, start + NODES_A_FILE))
                 for item in objects_of(number)]
        pathlib.Path(folder, f"{start}.json").write_text(
            json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")


def run(program, folder):
    """CPU seconds (a busy machine does not lengthen them), peak memory in MiB, exit code and findings."""
    with open(os.path.join(folder, "out"), "wb+") as out:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.execv(program, [program, "check", folder, "-o", "json"])
        _, status, usage = os.wait4(child, 0)
        took = usage.ru_utime + usage.ru_stime
        out.seek(0)
        findings = len(json.load(out)["findings"])
    return took, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status), findings


def main():
    records = "--records" in sys.argv
    program, *sizes = [word for word in sys.argv[1:] if word != "--records"]
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(f"{'nodes':>7} {'pods':>7} {'CPU s':>8} {'MiB':>7} {'findings':>9}  exit")
    for nodes in [int(word) for word in sizes] or [100, 1000, 10000]:
        folder = tempfile.mkdtemp(prefix="plumbline-growth-")
        try:
            write(folder, nodes)
            if records:
                write_records(folder, nodes)
            took, memory, code, findings = run(program, folder)
            print(f"{nodes:7} {2 * nodes:7} {took:8.2f} {memory:7.0f} {findings:9}  {code}", flush=True)
        finally:
            shutil.rmtree(folder)


main()
