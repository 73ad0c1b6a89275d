# shellcheck shell=bash
# Plumbline beside perftest and ucx_perftest on the same rxe device, in turn, REPEATS times.

for ((round = 1; round <= REPEATS; round++)); do
    shape rate 20mbit
    for operation in write read send; do
        TIME=8 WIDTH=0.02 measure "goodput.$operation.$round" ens1 one_way --option operations=$operation
    done
    perftest "write.$round" ib_write_bw -s 16384 -n 500
    perftest "read.$round" ib_read_bw -s 16384 -n 500
    perftest "send.$round" ib_send_bw -s 16384 -n 500
    ucx "goodput.$round" -t tag_bw -s 16384 -n 500 -w 20
    both tc qdisc del dev ens1 root
    tc qdisc replace dev ens1 root netem delay 20ms
    TIME=12 WIDTH=0.05 measure "latency.send.$round" ens1 latency --option operations=send
    perftest "latency.$round" ib_send_lat -s 8 -n 100
    ucx "latency.$round" -t tag_lat -s 8 -n 100 -w 10
    tc qdisc del dev ens1 root
done
