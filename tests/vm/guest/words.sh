# shellcheck shell=bash
# What the jobs in the guests are written with. GUEST is 1 or 2; the share is /host.

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
    for module in rdma_rxe ib_uverbs rdma_ucm sch_netem sch_tbf sch_prio cls_u32 sch_ingress cls_flower act_mirred act_skbedit; do modprobe $module || return 1; done
    for rail in 1 2; do
        ip link set "ens$rail" up
        ip addr add "10.70.$rail.1$GUEST/24" dev "ens$rail"
        rdma link add "rxe$rail" type rxe netdev "ens$rail" || return 1
    done
}

# A twentieth of a second without a process: nobody ever writes to this pipe.
mkfifo /run/never
exec {NEVER}<>/run/never
pause() { read -r -t 0.05 -u "$NEVER" _; }

# there COMMAND...: node-1 has node-2 run a line and waits until it is done. Orders are files of the share: each is
# taken once, in order, whatever the network between the two is made to suffer.
ORDERS=0
there() {
    ORDERS=$((ORDERS + 1))
    echo "$*" >"/host/order.$ORDERS.part"
    mv "/host/order.$ORDERS.part" "/host/order.$ORDERS"
    until [ -e "/host/done.$ORDERS" ]; do pause; done
}
obey() {
    local order=1
    until [ -e /host/end ]; do
        if [ -e "/host/order.$order" ]; then
            eval "$(<"/host/order.$order")" >>/host/there.log 2>&1
            : >"/host/done.$order"
            order=$((order + 1))
        else
            pause
        fi
    done
}

# moved RXE: packets that an rxe device has received.
moved() {
    local counter
    read -r counter <"/sys/class/infiniband/$1/ports/1/hw_counters/rcvd_pkts"
    echo "$counter"
}

# when_moved RXE PACKETS COMMAND...: runs it once the device has received so many packets more than now: in the middle of a
# transfer, however slow the machine is.
when_moved() {
    local device=$1 start
    start=$(moved "$device")
    local goal=$((start + $2))
    shift 2
    until [ "$(moved "$device")" -ge "$goal" ]; do pause; done
    eval "$*"
}

# listening PORT: true while a socket of this guest waits for connections there (state 0A in /proc/net/tcp*).
listening() {
    local hex
    printf -v hex ':%04X 0' "$1"
    grep -q "$hex.* 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# serve PORT COMMAND...: a server in the background; returns when it listens. The one before it has left by then.
serve() {
    local port=$1
    shift
    while listening "$port"; do pause; done
    "$@" >/dev/null 2>&1 &
    until listening "$port" || ! kill -0 $!; do pause; done
}

# The port of an rxe device is up and has its IPv4 GID.
usable() {
    local port=/sys/class/infiniband/$1/ports/1
    [[ $(<"$port/state") == *ACTIVE && $(<"$port/gids/1") == *ffff* ]]
}
await_rails() {
    local rail
    for rail in 1 2; do
        until usable "rxe$rail"; do pause; done
    done
}

# node_of RXE: its uverbs node, "uverbs0".
node_of() {
    local node
    for node in /sys/class/infiniband_verbs/uverbs*; do
        [ "$(<"$node/ibdev")" = "$1" ] && echo "${node##*/}"
    done
}

# probe_on RXE: the probe that has this device open, as each has in every batch; waits for it.
probe_on() {
    local node pid
    node=$(node_of "$1")
    while true; do
        for pid in $(pidof plumbline-probe); do
            readlink "/proc/$pid/fd/"* | grep -q "/$node$" && echo "$pid" && return
        done
    done
}

# shape_data NETEM...: netem for packets of 256 bytes and more; shorter ones pass them.
shape_data() {
    tc qdisc replace dev ens1 root handle 1: prio bands 2 priomap 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1
    tc qdisc add dev ens1 parent 1:2 handle 20: netem "$@"
    tc filter add dev ens1 parent 1: protocol ip u32 match u16 0 0xff00 at 2 flowid 1:1
}

# crossing on|off: what comes by one rail's wire leaves by the other's, as through one switch.
crossing() {
    local roce="ip_proto udp dst_port 4791" from to
    for from in 1 2; do
        to=$((3 - from))
        if [ "$1" = off ]; then
            tc qdisc del dev "ens$from" clsact
            ip link set "ens$from" promisc off
            continue
        fi
        ip link set "ens$from" promisc on
        tc qdisc add dev "ens$from" clsact
        # shellcheck disable=SC2086
        tc filter add dev "ens$from" ingress protocol ip flower $roce src_ip "10.70.$from.11" dst_ip "10.70.$to.11" \
            action mirred egress redirect dev "ens$to"
    done
}

# crossing_here on|off: this node sends to its own other rail by the wire, and takes what comes from an address of its own.
crossing_here() {
    local from to flag=0
    [ "$1" = on ] && flag=1
    echo $flag >/proc/sys/net/ipv4/conf/all/accept_local
    for from in 1 2; do
        to=$((3 - from))
        if [ "$1" = on ]; then
            ip neigh replace "10.70.$to.1$GUEST" lladdr "$(<"/sys/class/net/ens$to/address")" dev "ens$from"
        else
            ip neigh del "10.70.$to.1$GUEST" dev "ens$from"
        fi
    done
}

# stray on|off: RoCE packets of rail 1 leave by the wire of rail 2 and are taken from there, as a wrong bond or switch would do
# it; neither rxe nor verbs see it.
stray() {
    local roce="ip_proto udp dst_port 4791"
    if [ "$1" = off ]; then
        tc qdisc del dev ens1 clsact
        tc qdisc del dev ens2 clsact
        ip link set ens2 promisc off
        return
    fi
    ip link set ens2 promisc on
    tc qdisc add dev ens1 clsact
    tc qdisc add dev ens2 clsact
    # shellcheck disable=SC2086
    tc filter add dev ens1 egress protocol ip flower $roce action mirred egress redirect dev ens2
    # shellcheck disable=SC2086
    tc filter add dev ens2 ingress protocol ip flower $roce dst_ip 10.70.1.0/24 \
        action skbedit ptype host pipe action mirred ingress redirect dev ens1
}
