"""One node as its kubelet has it: the Node object, its Lease, its devices and its PodResources."""

import json
import os
import threading
import time
import urllib.error

from api import LOST, MERGE, in_thread, now

RENEW_S = 5.0
REFRESH_S = 1.0
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
SIZE = {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "100Gi", "pods": "110"}


class Node:
    """`told` is the node's entry of the configuration: netns, address, nic, labels, devices (resource
    -> [{id, numa}]), paths (host path -> folder that stands for it), pod_resources (the rack's word), answer (file to write; its own), configz, lies
    (file, see put_inside)."""

    def __init__(self, name, told, folder, api):
        self.name, self.told, self.folder, self.api = name, told, folder, api
        self.lock = threading.Lock()
        self.holders = {}  # (resource, id) -> uid of the pod
        self.pods = {}     # uid -> its entry of the PodResources answer
        self.socket = os.path.join(folder, "root/var/lib/kubelet/pod-resources/kubelet.sock")
        self.answer = told.get("answer") or os.path.join(folder, "podresources.json")
        # What is written to is read once; another file is read again each time.
        self.word = self._read_word() if self.answer == told.get("pod_resources") else None
        os.makedirs(os.path.dirname(self.socket), exist_ok=True)

    # --- the Node object ---------------------------------------------------------------------

    def register(self):
        """Makes the Node, reports it ready, and keeps its Lease alive from then on."""
        labels = {"kubernetes.io/hostname": self.name, "kubernetes.io/os": "linux",
                  "kubernetes.io/arch": "amd64", **self.told.get("labels", {})}
        self.api.insist("POST", "/api/v1/nodes", {
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": self.name, "labels": labels}})
        self.api.insist("PATCH", f"/api/v1/nodes/{self.name}/status",
                        {"status": self._status()}, MERGE)
        in_thread(self._renew)
        in_thread(self._refresh)

    def _status(self):
        size = {**SIZE, **{name: str(len(ids)) for name, ids in self._devices().items()}}
        conditions = [{"type": "Ready", "status": "True", "reason": "KubeletReady",
                       "message": "", "lastHeartbeatTime": now(), "lastTransitionTime": now()}]
        return {"capacity": size, "allocatable": size, "conditions": conditions,
                "addresses": [{"type": "InternalIP", "address": self.told["address"]},
                              {"type": "Hostname", "address": self.name}],
                "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
                "nodeInfo": {"kubeletVersion": "v1.20.2-stand-in", "architecture": "amd64",
                             "operatingSystem": "linux", "machineID": "", "systemUUID": "",
                             "bootID": "", "kernelVersion": os.uname().release,
                             "osImage": "a namespace of this machine", "kubeProxyVersion": "",
                             "containerRuntimeVersion": "processes://1"}}

    def _renew(self):
        while True:
            spec = {"holderIdentity": self.name, "leaseDurationSeconds": 40,
                    "renewTime": time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())}
            try:
                self.api.ask("PATCH", f"{LEASES}/{self.name}", {"spec": spec}, MERGE)
                self._report_again()
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    self.api.insist("POST", LEASES, {"metadata": {"name": self.name}, "spec": spec})
            except LOST:
                pass
            time.sleep(RENEW_S)

    def _report_again(self):
        """A controller that did not hear of the node for a while, since the server was away, holds it for dead."""
        found = self.api.ask("GET", f"/api/v1/nodes/{self.name}")["status"].get("conditions", [])
        if not any(one["type"] == "Ready" and one["status"] == "True" for one in found):
            self.api.ask("PATCH", f"/api/v1/nodes/{self.name}/status", {"status": self._status()}, MERGE)

    # --- devices -----------------------------------------------------------------------------

    def _devices(self):
        return self.told.get("devices", {})

    def give(self, pod):
        """The devices of each container of a pod, container -> resource -> ids; None when there are
        too few, as kubelet's admission says."""
        uid, given, taken = pod["metadata"]["uid"], {}, set()
        with self.lock:
            for container in pod["spec"]["containers"]:
                own = given.setdefault(container["name"], {})
                for resource, count in requested(container).items():
                    free = [one["id"] for one in self._devices().get(resource, [])
                            if (resource, one["id"]) not in self.holders
                            and (resource, one["id"]) not in taken]
                    if len(free) < count:
                        return None
                    own[resource] = free[:count]
                    taken |= {(resource, device) for device in free[:count]}
            self.holders.update({device: uid for device in taken})
            self.pods[uid] = self._entry(pod, given)
        self.write_answer()
        return given

    def put_inside(self, given):
        """What is really put into a container that was given this, and the device nodes there. `lies` is a file that a
        test writes: instead (id -> another's id) and leaks (device nodes in containers that were given nothing);
        PodResources go on telling what was given."""
        lies = {}
        if os.path.exists(self.told.get("lies", "")):
            with open(self.told["lies"], encoding="utf-8") as stream:
                lies = json.load(stream)
        instead = lies.get("instead", {})
        put = {resource: [instead.get(device, device) for device in ids]
               for resource, ids in given.items()}
        return put, [] if any(given.values()) else lies.get("leaks", [])

    def take_back(self, uid):
        with self.lock:
            self.holders = {device: owner for device, owner in self.holders.items() if owner != uid}
            self.pods.pop(uid, None)
        self.write_answer()

    def _entry(self, pod, given):
        containers = [{"name": name, "devices": [
            self._given(resource, device) for resource, ids in resources.items() for device in ids]}
            for name, resources in given.items()]
        return {"name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"],
                "containers": containers}

    def _given(self, resource, device):
        numa = next(one.get("numa") for one in self._devices()[resource] if one["id"] == device)
        topology = {} if numa is None else {"topology": {"nodes": [{"ID": numa}]}}
        return {"resource_name": resource, "device_ids": [device], **topology}

    # --- PodResources ------------------------------------------------------------------------

    def write_answer(self):
        """What the stand-in PodResources server answers: the rack's own word and the pods here."""
        with self.lock:
            word = self._word()
            word["pod_resources"] = word.get("pod_resources", []) + list(self.pods.values())
            word.setdefault("allocatable", {})["devices"] = [
                self._given(resource, one["id"]) for resource, ids in self._devices().items()
                for one in ids]
            text = json.dumps(word)
            if getattr(self, "written", None) == text:
                return
            self.written = text
            with open(self.answer + ".new", "w", encoding="utf-8") as stream:
                stream.write(text)
            os.replace(self.answer + ".new", self.answer)

    def _word(self):
        return json.loads(json.dumps(self.word)) if self.word else self._read_word()

    def _read_word(self):
        path = self.told.get("pod_resources")
        if not path:
            return {"pod_resources": []}
        with open(path, encoding="utf-8") as stream:
            return json.load(stream)

    def _refresh(self):
        """A fault of the rack changes its word at any time."""
        while True:
            self.write_answer()
            time.sleep(REFRESH_S)


def requested(container):
    """Resource -> count of the extended resources that a container asks for."""
    resources = container.get("resources", {})
    asked = {**resources.get("requests", {}), **resources.get("limits", {})}
    return {name: int(count) for name, count in asked.items()
            if "/" in name and int(count) > 0}
