# shellcheck shell=bash
# The pair over RDMA between two guests: node-1 measures, node-2's probe is reached over the management wire.
# Each case leaves /host/<case>.jsonl, one outcome a line.

name_devices
raise_rails || exit 1
await_rails

if [ "$GUEST" = 2 ]; then
    python3 /host/serve_probe.py 7000 "$BIN/plumbline-probe" &
    until listening 7000; do pause; done
    : >/host/ready.2
    obey
    exit 0
fi

until [ -e /host/ready.2 ]; do pause; done

# measure CASE DEVICE MEASURE [driver arguments]: rank 0 here, rank 1 there
measure() {
    local name=$1 device=$2 what=$3
    shift 3
    local began=$EPOCHREALTIME
    timeout 60 python3 /host/pair_driver.py "$BIN/plumbline-probe" --from "node-1/$device=${NEAR:-}" \
        --to "node-2/$device=/host/reach.sh" --measure "$what" --option transport=verbs \
        --sizes "${SIZES:-16384}" --batch "${BATCH:-0.2}" --width "${WIDTH:-0.1}" --time "${TIME:-3}" --limit 40 "$@" \
        >"/host/$name.jsonl" 2>"/host/$name.log"
    echo "status $? after $(awk "BEGIN{print $EPOCHREALTIME - $began}") s" >>"/host/$name.log"
}

both() {
    "$@"
    there "$@"
}
shape() { both tc qdisc replace dev ens1 root netem "$@"; }

# perftest NAME PROGRAM [arguments]: a server on node-2, the client here, on the same device and GID. -u 16: as long for an
# acknowledgement as plumbline gives a software device.
perftest() {
    local name=$1
    shift
    there "serve 18515 timeout 30 $* -d rxe1 -x 1 -F -u 16"
    local began=$EPOCHREALTIME
    timeout 30 "$@" -d rxe1 -x 1 -F -u 16 10.9.0.2 >"/host/perftest.$name.txt" 2>&1
    echo "status $? after $(awk "BEGIN{print $EPOCHREALTIME - $began}") s" >>"/host/perftest.$name.txt"
}

# ucx NAME [arguments]: the same for ucx_perftest. On rxe UCX 1.13 needs the link-local GID: it drops what comes for an
# IPv4 one.
ucx() {
    local name=$1 on="env UCX_NET_DEVICES=rxe1:1 UCX_TLS=rc_v,ud_v UCX_IB_GID_INDEX=0 timeout 40"
    shift
    there "serve 13337 $on ucx_perftest $*"
    local began=$EPOCHREALTIME
    $on ucx_perftest 10.9.0.2 "$@" >"/host/ucx.$name.txt" 2>&1
    echo "status $? after $(awk "BEGIN{print $EPOCHREALTIME - $began}") s" >>"/host/ucx.$name.txt"
}

# shellcheck source=/dev/null
. /host/cases.sh
: >/host/end
