"""The inventory of a machine with three NUMA nodes and three PCI roots, beside what QEMU was told."""
import json

from guests import text_of

# Read latency (ns) and bandwidth (GB/s) that the firmware claims, by initiator node and target node.
CLAIMS = {(0, 0): (90, 200), (0, 1): (140, 100), (0, 2): (250, 40), (1, 0): (140, 100), (1, 1): (90, 200), (1, 2): (220, 50)}
ADDRESS = "52:54:00:00:00:1"


def machine():
    words = "-M q35,hmat=on -smp 4,sockets=2,cores=2,threads=1".split()
    for node in range(3):
        words += ["-object", f"memory-backend-ram,id=m{node},size=256M"]
        words += ["-numa", f"node,nodeid={node},memdev=m{node},initiator={min(node, 1)}"]
    words += "-numa cpu,node-id=0,socket-id=0 -numa cpu,node-id=1,socket-id=1".split()
    for one, other, distance in ((0, 1, 21), (0, 2, 28), (1, 2, 17)):
        words += ["-numa", f"dist,src={one},dst={other},val={distance}"]
    for (initiator, target), (latency, bandwidth) in CLAIMS.items():
        where = f"hmat-lb,initiator={initiator},target={target},hierarchy=memory,data-type="
        words += ["-numa", f"{where}access-latency,latency={latency}"]
        words += ["-numa", f"{where}access-bandwidth,bandwidth={bandwidth}G"]
    devices = ["pxb-pcie,id=pxb0,bus=pcie.0,bus_nr=0x40,numa_node=0", "pxb-pcie,id=pxb1,bus=pcie.0,bus_nr=0x80,numa_node=1",
               "pcie-root-port,id=rp0,bus=pxb0,chassis=1,slot=1,x-speed=16,x-width=16",
               "pcie-root-port,id=rp1,bus=pxb0,chassis=2,slot=2,x-speed=8,x-width=8",
               "pcie-root-port,id=rp2,bus=pxb1,chassis=3,slot=3,x-speed=16,x-width=16",
               "x3130-upstream,id=up2,bus=rp2", "xio3130-downstream,id=dn20,bus=up2,chassis=4,slot=4",
               "xio3130-downstream,id=dn21,bus=up2,chassis=5,slot=5"]
    for index, (model, bus) in enumerate((("virtio-net-pci", "rp0"), ("e1000e", "rp1"), ("virtio-net-pci", "dn20"))):
        words += ["-netdev", f"hubport,id=n{index},hubid=0"]
        devices.append(f"{model},netdev=n{index},bus={bus},mac={ADDRESS}{index}")
    words += ["-drive", "if=none,id=d0,file=null-co://,format=raw"]
    devices.append("nvme,serial=x,drive=d0,bus=dn21")
    for device in devices:
        words += ["-device", device]
    return words


def run(bed, programs):
    return bed.run_one("numa", "numa.sh", {"BIN": programs}, 150, machine())


def by(items, key):
    return {item[key]: item for item in items}


def check(share, expect):
    topology = json.loads(text_of(share, "inventory.json"))["topology"]
    nodes = by(topology["numa_nodes"], "index")
    expect("the CPUs of the NUMA nodes, of which the third has none",
           [nodes[i]["cpus"] for i in range(3)] == [[0, 1], [2, 3], []])
    functions = by(topology["pci_devices"], "address")
    roots = {device["root"] for device in functions.values()}
    expect("three PCI roots", roots == {"pci0000:00", "pci0000:40", "pci0000:80"})
    nets = by(topology["network_devices"], "mac")
    near, far = nets[ADDRESS + "0"], nets[ADDRESS + "2"]
    expect("the NIC behind a root port of node 0", near["numa"] == 0 and near["pcie_root"] == "pci0000:40")
    expect("the NIC behind a switch of node 1", far["numa"] == 1 and far["pcie_root"] == "pci0000:80")
    port = functions[functions[near["pci_address"]]["parent"]]
    expect("the link that the root port can do", (port["link_most_gts"], port["link_most_width"]) == (16, 16))
    disk = next(device for device in functions.values() if device["kind"] == "storage" and device["numa"] == 1)
    switch = [functions[functions[device["pci_address"] if "pci_address" in device else device["address"]]["parent"]]["parent"]
              for device in (far, disk)]
    expect("one switch above the far NIC and the disk", switch[0] == switch[1] != "")
    devices = by(topology["rdma_devices"], "name")
    expect("an RDMA device over each NIC", sorted(devices) == ["rxe_far0", "rxe_near0", "rxe_near1"])
    expect("where the RDMA devices are",
           [devices[name]["numa"] for name in ("rxe_near0", "rxe_near1", "rxe_far0")] == [0, 0, 1])
    port = devices["rxe_far0"]["ports"][0]
    expect("a port that is up", (port["state"], port["physical_state"], port["active_mtu"]) == ("ACTIVE", "LinkUp", 1024))
    expect("its GID over its NIC", port["gids"][port["used_gid"]]["netdev"] == "far0")
    expect("counters of its packets", "sent_pkts" in port["hw_counters"])
    expect("a queue pair on each", all(device["capability"] == "queue pair made" for device in devices.values()))
    expect("the namespace mode by netlink", topology["rdma_host"]["netns_mode"] == "shared")
    pods = json.loads(text_of(share, "inventory.pod.json"))["topology"]["sandboxes"]
    expect(f"the RDMA device that a pod can open, by the node in its own mount namespace: {pods}",
           [pod.get("rdma_devices") for pod in pods] == [["rxe_far0"]])
    without = by(json.loads(text_of(share, "inventory.no-uverbs.json"))["topology"]["rdma_devices"], "name")
    lost = [device for device in without.values() if "unusable" in device]
    expect("one device without its uverbs node, and why it cannot be used",
           len(lost) == 1 and "/dev/infiniband/uverbs0 is missing" in lost[0]["unusable"])
