# shellcheck shell=bash
# What the jobs in the guests are written with. GUEST is 1 or 2; the share is /host.

PEER=$((GUEST == 1 ? 2 : 1))
BIN=${BIN:-/nowhere}

modprobe() { /bb/modprobe "$@"; }

# The network devices by their wire, as QEMU was told: 52:54:00:00:<wire>:<guest>.
name_devices() {
    local device mac
    for device in /sys/class/net/*; do
        mac=$(<"$device/address")
        case $mac in
            52:54:00:00:00:*) ip link set "${device##*/}" name mgmt0 ;;
            52:54:00:00:01:*) ip link set "${device##*/}" name ens1 ;;
            52:54:00:00:02:*) ip link set "${device##*/}" name ens2 ;;
        esac
    done
    ip link set mgmt0 mtu 1500 up
    ip addr add "10.9.0.$GUEST/24" dev mgmt0
}

# An rxe device over each rail: rxe1 over ens1 (10.70.1.0/24), rxe2 over ens2 (10.70.2.0/24).
raise_rails() {
    local rail
    for module in rdma_rxe ib_uverbs rdma_ucm sch_netem sch_tbf; do modprobe $module || return 1; done
    for rail in 1 2; do
        ip link set "ens$rail" up
        ip addr add "10.70.$rail.1$GUEST/24" dev "ens$rail"
        rdma link add "rxe$rail" type rxe netdev "ens$rail" || return 1
    done
}

# Waits until the other guest has come to the same place.
barrier() {
    : >"/host/at.$1.$GUEST"
    while [ ! -e "/host/at.$1.$PEER" ]; do sleep 0.05; done
}
