# shellcheck shell=bash
# The cases of the pair over RDMA; the words come from pair.sh, what is expected from pair_scene.py.

# A rate and a delay that netem sets are what a measurement must find.
shape rate 20mbit
# Batches of 0.6 s: what a loaded machine sees late at the ends of a round is little of it.
BATCH=0.6 TIME=4.5 measure rate ens1 one_way --option operations=write,read,send
perftest write ib_write_bw -s 16384 -n 200
perftest read ib_read_bw -s 16384 -n 200
perftest send ib_send_bw -s 16384 -n 200
# Acknowledgements pass the other direction's data: behind it they come in lumps, and now one direction's queue is empty, now the
# other's. 24 messages wait 80 ms, more than what a loaded machine adds and less than the time for an acknowledgement.
both shape_data rate 10mbit
SIZES=4096 BATCH=0.6 TIME=4.5 measure ways ens1 both_ways --option depths=24 --option queue_pairs=4
there tc qdisc del dev ens1 root
# A delay beside which what emulation adds is small.
tc qdisc replace dev ens1 root netem delay 100ms
measure delay ens1 latency --option operations=write,send,read
perftest latency ib_send_lat -s 8 -n 30
tc qdisc del dev ens1 root

# Faults, each with one reason and one culprit; those that claim no rate two at a time, one on each rail.
tc qdisc replace dev ens1 root netem loss 2%
measure loss ens1 one_way
tc qdisc del dev ens1 root
there ip link set ens1 mtu 1500
there ip -4 addr flush dev ens2
measure no_address ens2 one_way &
measure mtu ens1 one_way
wait
there ip addr add 10.70.2.12/24 dev ens2
there ip link set ens1 mtu 9000
shape rate 20mbit
there "when_moved rxe1 300 ip link set ens1 down &"
TIME=20 measure cut ens1 one_way
# A port whose table shows zeros only, as in a container without the network device of the port.
there 'mkdir /run/zeros; for i in 0 1 2 3; do echo 0000:0000:0000:0000:0000:0000:0000:0000 >/run/zeros/$i; done
    mount --bind /run/zeros /sys/class/infiniband/rxe2/ports/1/gids'
measure zero_gid ens2 one_way &
measure down ens1 one_way
wait
there "ip link set ens1 up; ip addr replace 10.70.1.12/24 dev ens1; until usable rxe1; do pause; done"
there umount /sys/class/infiniband/rxe2/ports/1/gids
there 'mv /dev/infiniband/$(node_of rxe1) /run/lost'
measure wrong_gid ens2 one_way --option gid_index=7 &
measure no_uverbs ens1 one_way
wait
there 'mv /run/lost /dev/infiniband/$(node_of rxe1)'
both tc qdisc replace dev ens2 root netem rate 20mbit
there "when_moved rxe1 300 'kill -9 \$(probe_on rxe1)' &"
there "when_moved rxe2 300 'kill -STOP \$(probe_on rxe2)' &"
TIME=20 measure killed ens1 one_way &
TIME=20 measure stopped ens2 one_way
wait
both tc qdisc del dev ens2 root
there 'kill -9 $(pidof plumbline-probe); while pidof plumbline-probe; do pause; done'

# Inside a node: each port to itself, from host memory and from that of a described GPU, and why not to the other; then to the
# other, by node-2 as the switch between the two wires.
ip route get 10.70.2.11 oif ens1 >/host/route.txt 2>&1
"$BIN/plumbline" probe rdma_loopback --budget 1 --size 64KiB --drivers fake:/host/gpu.yaml -o json >/host/loopback.json 2>/host/loopback.log
there crossing on
crossing_here on
"$BIN/plumbline" probe rdma_loopback --budget 1 --size 64KiB -o json >/host/crossed.json 2>/host/crossed.log
crossing_here off
there crossing off

# What a container may lack: locked memory, objects of the device.
NEAR=/host/poor.sh measure memlock ens1 one_way
mkdir -p /run/cgroup && mount -t cgroup2 none /sys/fs/cgroup && echo +rdma >/sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/few && echo "rxe1 hca_object=2" >/sys/fs/cgroup/few/rdma.max
NEAR=/host/few.sh measure no_queue_pair ens1 one_way
/host/few.sh "$BIN/plumbline" inventory -o json >/host/inventory.few.json 2>/host/inventory.few.log

# What proves a path: a counter that cannot be read, and packets that take the other wire behind rxe's back.
echo "N/A (no PMA)" >/run/unreadable
mount --bind /run/unreadable /sys/class/infiniband/rxe1/ports/1/hw_counters/sent_pkts
measure uncounted ens1 one_way
umount /sys/class/infiniband/rxe1/ports/1/hw_counters/sent_pkts
both stray on
measure stray ens1 one_way
both stray off
BATCH=0.6 TIME=4.5 measure after ens1 one_way
for port in /sys/class/infiniband/rxe1/ports/1/hw_counters/*; do echo "${port##*/} $(<"$port")"; done >/host/counters.1
