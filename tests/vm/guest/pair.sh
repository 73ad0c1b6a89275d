# shellcheck shell=bash
# The pair over RDMA between two guests: node-1 measures, node-2's probe is reached over the management wire.
# Each case leaves /host/<case>.jsonl, one outcome a line.

name_devices
raise_rails
sleep 0.5

if [ "$GUEST" = 2 ]; then
    "$BIN/plumbline" inventory >/host/inventory.2.txt
    : >/host/ready.2
    # One probe after another; beside it node-1 says what is to be done to this node.
    while [ ! -e /host/end ]; do /bb/nc -l -p 7001 -e /host/far.sh; done &
    while [ ! -e /host/end ]; do /bb/nc -l -p 7000 -e "$BIN/plumbline-probe"; done &
    while [ ! -e /host/end ]; do sleep 0.2; done
    exit 0
fi

while [ ! -e /host/ready.2 ]; do sleep 0.1; done
while ! ping -c 1 -W 1 10.70.1.12 >/dev/null; do :; done

# measure CASE DEVICE MEASURE [driver arguments]: rank 0 here, rank 1 there
measure() {
    local name=$1 device=$2 what=$3
    shift 3
    local began=$EPOCHREALTIME
    timeout 60 python3 /host/pair_driver.py "$BIN/plumbline-probe" --from "node-1/$device" \
        --to "node-2/$device=/host/reach.sh" --measure "$what" --option transport=verbs \
        --sizes "${SIZES:-65536}" --batch 0.2 --width 0.1 --time "${TIME:-4}" --limit 40 "$@" \
        >"/host/$name.jsonl" 2>"/host/$name.log"
    echo "status $? after $(awk "BEGIN{print $EPOCHREALTIME - $began}") s" >>"/host/$name.log"
}

# there COMMAND: runs on node-2
there() {
    local i
    for ((i = 0; i < 50; i++)); do
        echo "$*" | /bb/nc -w 10 10.9.0.2 7001 >>/host/there.log 2>&1 && return
        sleep 0.1
    done
}

# shellcheck source=/dev/null
. /host/cases.sh
: >/host/end
