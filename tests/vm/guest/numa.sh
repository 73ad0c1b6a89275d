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
rm -f /dev/infiniband/uverbs0
"$BIN/plumbline" inventory -o json >/host/inventory.no-uverbs.json
