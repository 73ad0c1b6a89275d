"""A whole cluster on a virtual rack: the real API server, scheduler and controllers in the control node, and a program
that plays the kubelets of its nodes and runs the pods that the scheduler binds to them."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.error

from cluster import ROOT, cluster

sys.path.insert(0, str(ROOT / "deploy"))
sys.path.insert(0, str(ROOT / "tests/integration"))

import stage_support  # noqa: E402  (its folder was added just now)
from virtual_rack import layout, namespaces  # noqa: E402

KUBELETS = ROOT / "tests/support/kubernetes/kubelets"
PROGRAMS = pathlib.Path(os.environ["PLUMBLINE_BUILD"], "bin")
NOBODY = 65534
IMAGES = [{"prefix": "plumbline", "entrypoint": ["/usr/local/bin/plumbline"], "user": NOBODY},
          {"prefix": "machine", "entrypoint": []}]


def devices(node, true_ones, gpus=8):
    """What the node's device plugins offer: its rails, by the names of their NICs. For who looks at the scheduler alone
    also as HCAs, and GPUs, which an agent that looks at the node would rightly call a lie."""
    rails = [{"id": rail.device, "numa": 0} for rail in layout.RAILS]
    if true_ones:
        return {"example.com/nic": rails}
    return {"example.com/nic": rails, "rdma/hca": rails,
            "nvidia.com/gpu": [{"id": f"GPU-{node.number:04x}-{number}", "numa": number * 2 // gpus}
                               for number in range(gpus)]}


def node_of(rack, names, node, for_agents):
    """The node's entry of the kubelets' configuration; its labels as the rack's word has them. With `for_agents`
    the rack's own PodResources servers, which its own agents ask, tell of the pods here too, and nothing is offered that
    is not there."""
    recorded = json.loads((rack / "bundle/nodes.json").read_text())["items"]
    labels = next(one["metadata"]["labels"] for one in recorded
                  if one["metadata"]["name"] == node.name)
    return {"netns": namespaces.path(names.namespace(node.name)), "address": node.management,
            "nic": "mgmt0", "labels": labels, "devices": devices(node, for_agents),
            "paths": {"/var/lib/cni": names.node_path(node, "cni")},
            "pod_resources": names.node_path(node, "podresources.json"),
            **({"answer": names.node_path(node, "podresources.json")} if for_agents else {}),
            "lies": str(rack / f"lies-{node.name}.json"),
            "configz": {"cpuManagerPolicy": "none", "topologyManagerPolicy": "none"}}


@contextlib.contextmanager
def kubelets(api, rack, for_agents=False, word=True):
    """The kubelets of the rack's nodes, until the end of the block."""
    names = layout.Names.of(rack)
    state = api.run / "kubelets"
    state.mkdir()
    told = {"server": api.server, "address": api.address, "port": api.port + 3,
            "pki": str(api.run / "pki"), "state": str(state), "programs": str(PROGRAMS),
            "hosts": names.path("hosts"), "images": IMAGES, "addresses": "10.70.0",
            "server_binary": str(PROGRAMS / "stand-in-kubelet"),
            "nodes": {node.name: node_of(rack, names, node, for_agents) for node in layout.NODES}}
    for node in [] if word else told["nodes"].values():
        for key in ("paths", "pod_resources", "answer"):
            node.pop(key, None)
    (state / "configuration.json").write_text(json.dumps(told))
    with open(state / "log", "wb") as log:
        program = subprocess.Popen([sys.executable, "-B", KUBELETS, state / "configuration.json"],
                                   stdout=log, stderr=log)
        try:
            yield
        finally:
            program.terminate()
            program.wait()


@contextlib.contextmanager
def rack_cluster(rack, for_agents=False, word=True):
    """Raises all of it in the rack's control node, where the caller runs; gives the API server. Without the rack's
    `word` its kubelets and CNI results know of no pods but those that the scheduler binds."""
    with cluster(layout.CONTROL_ADDRESS, scheduling=True) as api, \
            kubelets(api, rack, for_agents, word):
        wait_for("the nodes are ready", lambda: all_ready(api))
        yield api


def all_ready(api):
    nodes = api.ask("GET", "/api/v1/nodes")["items"]
    return len(nodes) == len(layout.NODES) and not any(
        node["spec"].get("taints") for node in nodes)


def wait_for(what, holds, seconds=60):
    """Until holds() gives something true, which is returned; ends the test with what it waited for otherwise."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(urllib.error.URLError, KeyError, ConnectionError):
            value = holds()
            if value:
                return value
        time.sleep(0.05)
    sys.exit(f"not within {seconds} s: {what}")


def pods(api, namespace, selector=""):
    """The namespace's pods by name."""
    found = api.ask("GET", f"/api/v1/namespaces/{namespace}/pods?labelSelector={selector}")["items"]
    return {pod["metadata"]["name"]: pod for pod in found}


def apply(api, item, namespace="plumbline"):
    """Makes one object of the kinds that the tests use."""
    group = item["apiVersion"]
    kind = item["kind"]
    base = f"/api/{group}" if "/" not in group else f"/apis/{group}"
    if kind not in ("Namespace", "PriorityClass", "ClusterRole", "ClusterRoleBinding", "Node"):
        base += f"/namespaces/{namespace}"
    plural = kind.lower() + ("es" if kind.endswith("s") else "s")
    return api.create(f"{base}/{plural.replace('policys', 'policies')}", item)


def log_of(api, namespace, pod, container=""):
    """The text of a pod's container, as `kubectl logs` shows it."""
    return api.text(f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
                    + (f"?container={container}" if container else ""))


def run_inside(script, *fault, agents=False, up=()):
    """Raises a rack, with agents when asked for or with a fault, and runs the script again in its control node, with
    the rack's folder. `up` are more words for its raising."""
    bare = () if fault or agents else ("--no-agents",)
    with stage_support.rack(*(fault or (None,)), *bare, *up) as (rack, _):
        done = subprocess.run([ROOT / "deploy/rack", "--dir", rack, "exec", "control", "--",
                               sys.executable, "-B", script, rack], text=True, check=False,
                              capture_output=True, stdin=subprocess.DEVNULL)
    print(done.stdout, done.stderr)
    sys.exit(done.returncode)


def skip_without_rights():
    """Containers have users of their own, which takes root; leaves with ctest's skip code otherwise."""
    if os.geteuid() != 0:
        print("skipped: played kubelets need root")
        sys.exit(77)


def run_there(script, *words, fault=None, agents=False):
    """Raises a rack and runs the script again in its control node: RACK --inside WORDS. Its exit code."""
    skip_without_rights()
    with stage_support.rack(None, *([] if agents else ["--no-agents"])) as (rack, call):
        if fault:
            call("fault", fault)
        done = subprocess.run([ROOT / "deploy/rack", "--dir", rack, "exec", "control", "--",
                               sys.executable, "-B", script, rack, "--inside", *words], text=True,
                              check=False, capture_output=True, stdin=subprocess.DEVNULL)
    print(done.stdout, done.stderr, flush=True)
    return done.returncode
