"""Plays the kubelets of all nodes of a virtual rack: `kubelets CONFIGURATION`.

It registers the nodes, runs the pods that the scheduler binds to them as processes in the nodes' networks, and reports
on them: a kubelet's protocol, devices, volumes, logs and ends, without images. A pod runs the build's programs; pods of
images that are not named are scenery: left as they are, and let go when they are deleted. Everything ends with it.

CONFIGURATION is JSON: server, address, port (of the webhook), pki (folder), state (folder of its own), programs
(folder), hosts (file), images [{prefix, entrypoint, user}], server_binary (it serves PodResources), addresses (the
first three parts of the pods' own), nodes {name: what node.py says}."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "deploy"))

import indexes  # noqa: E402  (the path must be set first)
import server  # noqa: E402
from api import Api, in_thread  # noqa: E402
from container_death import die_with_parent  # noqa: E402
from node import Node  # noqa: E402
from pod import PodWorker, path  # noqa: E402

FIRST_ADDRESS, LAST_ADDRESS = 40, 254


class Kubelets:
    """The host of all pod workers."""

    def __init__(self, told):
        self.told, self.api = told, Api(told["server"], told["pki"])
        self.programs, self.hosts_file = told["programs"], os.path.join(told["state"], "hosts")
        place, _, port = told["server"].removeprefix("https://").rpartition(":")
        self.service = {"KUBERNETES_SERVICE_HOST": place, "KUBERNETES_SERVICE_PORT": port,
                        "KUBERNETES_SERVICE_PORT_HTTPS": port}
        self.lock, self.workers, self.addresses = threading.Lock(), {}, {}
        self.given = 0  # addresses so far: one that was just another node's is known by that one's MAC for a while
        self.nodes = {name: Node(name, own, os.path.join(told["state"], name), self.api)
                      for name, own in told["nodes"].items()}
        self.indexes = indexes.Indexes()
        self.write_hosts()

    # --- images ------------------------------------------------------------------------------

    def _image(self, name):
        return next((one for one in self.told["images"] if name.startswith(one["prefix"])), None)

    def entrypoint(self, image):
        return self._image(image)["entrypoint"]

    def image_user(self, image):
        return self._image(image).get("user", 0)

    # --- what workers ask for ----------------------------------------------------------------

    def get(self, plural, namespace, name):
        return self.api.insist("GET", f"/api/v1/namespaces/{namespace}/{plural}/{name}")

    def token(self, pod, source):
        """A token bound to the pod, as TokenRequest gives it."""
        meta, spec = pod["metadata"], pod["spec"]
        account = spec.get("serviceAccountName", "default")
        audiences = [source["audience"]] if source.get("audience") else []
        answer = self.api.insist(
            "POST", f"/api/v1/namespaces/{meta['namespace']}/serviceaccounts/{account}/token",
            {"spec": {"expirationSeconds": source.get("expirationSeconds", 3600),
                      "audiences": audiences,
                      "boundObjectRef": {"apiVersion": "v1", "kind": "Pod", "name": meta["name"],
                                         "uid": meta["uid"]}}})
        return (answer or {"status": {"token": ""}})["status"]["token"].encode()

    def address_of(self, worker):
        """The node's own address with hostNetwork, else one of the pod's own on the same NIC."""
        node = worker.node
        if worker.pod["spec"].get("hostNetwork"):
            return node.told["address"]
        with self.lock:
            taken = set(self.addresses.values())
            count = LAST_ADDRESS - FIRST_ADDRESS
            address = next(text for text in (
                f"{self.told['addresses']}.{FIRST_ADDRESS + (self.given + number) % count}"
                for number in range(count)) if text not in taken)
            self.given += 1
            self.addresses[worker.uid] = address
        self._ip(node, "add", address)
        self.write_hosts()
        return address

    def forget_address(self, worker):
        with self.lock:
            address = self.addresses.pop(worker.uid, None)
        if address:
            self._ip(worker.node, "del", address)
            self.write_hosts()

    def _ip(self, node, verb, address):
        namespace = os.path.basename(node.told["netns"])
        subprocess.run(["ip", "-n", namespace, "addr", verb, address + "/32", "dev",
                        node.told["nic"]], check=False)

    def write_hosts(self):
        """One file of names for every container, written in place: it is mounted."""
        with self.lock:
            lines = [pathlib.Path(self.told["hosts"]).read_text(encoding="utf-8")]
            for uid, address in self.addresses.items():
                worker = self.workers.get(uid)
                lines += [f"{address} {names(worker.pod)}\n"] if worker else []
            with open(self.hosts_file, "a+", encoding="utf-8") as stream:
                stream.truncate(0)
                stream.write("".join(lines))

    # --- the watch ---------------------------------------------------------------------------

    def seen(self, pod):
        self.indexes.seen(pod)
        uid, node = pod["metadata"]["uid"], self.nodes.get(pod["spec"].get("nodeName"))
        if uid in self.workers:
            self.workers[uid].update(pod)
        elif node and all(self._image(one["image"]) for one in pod["spec"]["containers"]):
            self._begin(pod, node)
        elif node and pod["metadata"].get("deletionTimestamp"):
            in_thread(self.api.insist, "DELETE", path(pod["metadata"]), {"gracePeriodSeconds": 0})

    def _begin(self, pod, node):
        if pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            return
        worker = PodWorker(pod, node, self)
        self.workers[worker.uid] = worker
        os.makedirs(worker.folder, exist_ok=True)
        if pod["metadata"].get("deletionTimestamp"):
            worker.deleted.set()
        in_thread(worker.run)

    def gone(self, pod):
        self.indexes.gone(pod)
        worker = self.workers.pop(pod["metadata"]["uid"], None)
        if worker:
            worker.vanish()

    def logs(self, namespace, name, container):
        for worker in list(self.workers.values()):
            meta = worker.pod["metadata"]
            if (meta["namespace"], meta["name"]) == (namespace, name):
                file = pathlib.Path(worker.log(container))
                return file.read_bytes() if file.exists() else None
        return None

    # --- all of it ---------------------------------------------------------------------------

    def start(self):
        for node in self.nodes.values():
            node.write_answer()
            subprocess.Popen([self.told["server_binary"], "--socket", node.socket, "--answer",
                              node.answer], preexec_fn=die_with_parent)
            listener = server.listening(node.told["address"], server.KUBELET_PORT,
                                        node.told["netns"])
            server.serve(listener, self.told["pki"], server.kubelet_handler(node, self.logs))
        listener = server.listening(self.told["address"], self.told["port"])
        server.serve(listener, self.told["pki"], indexes.handler(self.indexes))
        authority = pathlib.Path(self.told["pki"], "ca.crt").read_bytes()
        url = f"https://{self.told['address']}:{self.told['port']}/"
        self.api.insist("POST", indexes.CONFIGURATIONS, indexes.configuration(url, authority))
        for node in self.nodes.values():
            node.register()
        in_thread(self.api.follow, "/api/v1/pods", self.seen, self.gone)


def names(pod):
    """Every name that a cluster's DNS knows the pod by; its own name where it has none there."""
    spec, space = pod["spec"], pod["metadata"]["namespace"]
    host = spec.get("hostname") or pod["metadata"]["name"]
    if not spec.get("subdomain"):
        return host
    short = f"{host}.{spec['subdomain']}"
    return f"{short} {short}.{space} {short}.{space}.svc {short}.{space}.svc.cluster.local {host}"


def main():
    die_with_parent()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))  # its children have asked to die with it
    told = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    kubelets = Kubelets(told)
    kubelets.start()
    print("the kubelets play", flush=True)
    while True:
        signal.pause()


main()
