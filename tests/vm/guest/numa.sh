# shellcheck shell=bash
# A machine with several NUMA nodes and PCI roots: the inventory beside what QEMU was told.
for module in e1000e nvme rdma_rxe ib_uverbs; do modprobe $module; done
for device in /sys/class/net/*; do
    [ "${device##*/}" = lo ] && continue
    case $(<"$device/address") in
        *:10) name=near0 ;;
        *:11) name=near1 ;;
        *) name=far0 ;;
    esac
    ip link set "${device##*/}" name $name
    ip link set $name up
    rdma link add "rxe_$name" type rxe netdev $name
done
sleep 0.5
"$BIN/plumbline" inventory -o json >/host/inventory.json
"$BIN/plumbline" inventory >/host/inventory.txt

# A pod: a cgroup of the kubelet's form, a network namespace, and a mount namespace with one uverbs node under a name of its own.
uid=0c9e9b0e-5c2f-4d53-9f0d-0a1b2c3d4e5f
mount -t cgroup2 none /sys/fs/cgroup && mkdir -p "/sys/fs/cgroup/kubepods/pod$uid/c1" /run/cni
ip netns add loader
cat >/run/cni/storage-c1-ens3 <<JSON
{"kind": "cniCacheV1", "containerId": "c1", "ifName": "ens3", "networkName": "storage",
 "cniArgs": [["K8S_POD_NAMESPACE", "tenant"], ["K8S_POD_NAME", "loader-0"], ["K8S_POD_UID", "$uid"]],
 "result": {"cniVersion": "1.0.0", "interfaces": [{"name": "ens3", "sandbox": "/run/netns/loader"}], "ips": []}}
JSON
numbers=$(<"/sys/class/infiniband_verbs/$(node_of rxe_far0)/dev")
unshare -m bash -c "echo \$\$ >/sys/fs/cgroup/kubepods/pod$uid/c1/cgroup.procs; mount -t tmpfs none /dev/infiniband
    mknod /dev/infiniband/mine c ${numbers/:/ }; : >/run/pod; read -r -u $NEVER _" &
until [ -e /run/pod ]; do pause; done
"$BIN/plumbline" inventory --cni-results /run/cni -o json >/host/inventory.pod.json
kill $!

rm -f /dev/infiniband/uverbs0
"$BIN/plumbline" inventory -o json >/host/inventory.no-uverbs.json
