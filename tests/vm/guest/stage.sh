# shellcheck shell=bash
# Agents on both guests; node-1 is the coordinator's too. What is expected stands in stage_scene.py.

name_devices
raise_rails || exit 1
await_rails
for device in ens1 ens2; do tc qdisc replace dev $device root netem rate 20mbit; done

mkdir -p /run/cni
"$BIN/stand-in-kubelet" --socket /run/kubelet.sock --answer /host/kubelet.json >"/host/kubelet.$GUEST.log" 2>&1 &
"$BIN/plumbline" agent --node "node-$GUEST" --listen "10.9.0.$GUEST:7443" --tls-ca /host/ca.pem \
    --tls-cert "/host/node-$GUEST-cert.pem" --tls-key "/host/node-$GUEST-key.pem" --kubelet-socket /run/kubelet.sock \
    --cni-results /run/cni --allow-peer-subnet 10.70.0.0/16 >"/host/agent.$GUEST.log" 2>&1 &
until listening 7443; do pause; done
: >"/host/ready.$GUEST"

if [ "$GUEST" = 2 ]; then
    obey
    exit 0
fi
until [ -e /host/ready.2 ]; do pause; done
cd /host || exit 1

# play NAME STAGE_FILE: one whole stage
play() {
    local began=$EPOCHREALTIME
    "$BIN/plumbline" stage -f "$2" --results "/run/$1" >"$1.txt" 2>"$1.log"
    echo "status $? after $(awk "BEGIN{print $EPOCHREALTIME - $began}") s" >>"$1.log"
    cp -r "/run/$1" /host/
}

# Rails that nobody declares, found by their subnets; UCX over the same devices as a second opinion.
"$BIN/plumbline" pair node-1 node-2 -f told.yaml --rail "subnet-10.70.1.0/24" --operations write --depths 64 --second-opinion \
    -o json >pair.json 2>pair.log
play healthy stage.yaml

# Packets that get lost on rail-b, enough of them that batches need not be many.
tc qdisc replace dev ens2 root netem rate 20mbit loss 15%
play lossy rail-b.yaml
tc qdisc replace dev ens2 root netem rate 20mbit

# One wire for the other, and one MTU that is not the rail's.
there ip link set ens1 mtu 1500
stray on
there stray on
play stray rail-a.yaml
stray off
there stray off
there ip link set ens1 mtu 9000

# On rail-a node-2 loses what RDMA needs; on rail-b its link goes away in the middle of a transfer.
there 'rm "/dev/infiniband/$(node_of rxe1)"; when_moved rxe2 100 ip link set ens2 down &'
play broken stage.yaml
: >/host/end
