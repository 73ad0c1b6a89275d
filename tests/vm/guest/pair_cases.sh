# shellcheck shell=bash
# The cases of the pair over RDMA; `measure` and `there` come from pair.sh, what is expected from pair_scene.py.

both() {
    "$@"
    there "$@"
}
shape() { both tc qdisc replace dev ens1 root netem "$@"; }

# perftest NAME PROGRAM [arguments]: a server on node-2, the client here, on the same device and GID
perftest() {
    local name=$1 program=$2
    shift 2
    there "timeout 30 $program -d rxe1 -x 1 -F $* >/dev/null 2>&1 &"
    sleep 1.5
    timeout 30 "$program" -d rxe1 -x 1 -F "$@" 10.9.0.2 >"/host/perftest.$name.txt" 2>&1
}

# A rate and a delay that netem sets are what a measurement must find.
shape rate 40mbit
TIME=6 measure rate ens1 one_way --option operations=write,read,send
perftest write ib_write_bw -s 65536 -n 120
perftest read ib_read_bw -s 65536 -n 120
# Little under way: acknowledgements queue behind the other direction's data, and must come within 67 ms.
shape rate 10mbit
SIZES=4096 TIME=5 measure ways ens1 both_ways --option depths=8 --option queue_pairs=4
tc qdisc replace dev ens1 root netem delay 20ms
there tc qdisc del dev ens1 root
TIME=4 measure delay ens1 latency --option operations=write,send,read
perftest latency ib_send_lat -s 8 -n 60
# On rxe UCX 1.13 needs the link-local GID: it drops what comes for an IPv4 one.
export UCX_NET_DEVICES=rxe1:1 UCX_TLS=rc_v,ud_v UCX_IB_GID_INDEX=0
there "UCX_NET_DEVICES=rxe1:1 UCX_TLS=rc_v,ud_v UCX_IB_GID_INDEX=0 timeout 40 ucx_perftest -t tag_lat -s 8 -n 40 -w 4 >/dev/null 2>&1 &"
sleep 2
timeout 40 ucx_perftest 10.9.0.2 -t tag_lat -s 8 -n 40 -w 4 >/host/ucx.latency.txt 2>&1
tc qdisc del dev ens1 root

# Faults, each with one reason and one culprit.
tc qdisc replace dev ens1 root netem loss 2%
TIME=3 measure loss ens1 one_way
tc qdisc del dev ens1 root
measure wrong_gid ens1 one_way --option gid_index=7
there ip link set ens1 mtu 1500
measure mtu ens1 one_way
there ip link set ens1 mtu 9000
there "(sleep 4; ip link set ens1 down) >/dev/null 2>&1 &"
TIME=12 measure cut ens1 one_way
measure down ens1 one_way
there ip link set ens1 up
there ip addr add 10.70.1.12/24 dev ens1
there ip -4 addr flush dev ens2
measure no_address ens2 one_way
there ip addr add 10.70.2.12/24 dev ens2
there "for n in /sys/class/infiniband_verbs/uverbs*; do [ \$(cat \$n/ibdev) = rxe1 ] && mv /dev/infiniband/\${n##*/} /tmp/lost; done; true"
measure no_uverbs ens1 one_way
there "for n in /sys/class/infiniband_verbs/uverbs*; do [ \$(cat \$n/ibdev) = rxe1 ] && mv /tmp/lost /dev/infiniband/\${n##*/}; done; true"
there "(sleep 4; kill -9 \$(pidof plumbline-probe)) >/dev/null 2>&1 &"
TIME=12 measure killed ens1 one_way
there "(sleep 4; kill -STOP \$(pidof plumbline-probe); sleep 14; kill -CONT \$(pidof plumbline-probe)) >/dev/null 2>&1 &"
TIME=12 measure stopped ens1 one_way
there "kill -9 \$(pidof plumbline-probe) 2>/dev/null"
timeout 60 python3 /host/pair_driver.py "$BIN/plumbline-probe" --from "node-1/ens1=/host/poor.sh" \
    --to "node-2/ens1=/host/reach.sh" --measure one_way --option transport=verbs --sizes 65536 --limit 40 \
    >/host/memlock.jsonl 2>/host/memlock.log
measure after ens1 one_way
for port in /sys/class/infiniband/rxe1/ports/1/hw_counters/*; do echo "${port##*/} $(<"$port")"; done >/host/counters.1
