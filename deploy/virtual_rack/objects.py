"""The Kubernetes objects of the rack, written from the cluster's word (word.py)."""

import uuid

from . import layout

DRIVER = "dra.net"
DEVICE_CLASS = "dranet"
API_OF_KIND = {"Node": "v1", "Pod": "v1", "ResourceSlice": "resource.k8s.io/v1",
               "ResourceClaim": "resource.k8s.io/v1",
               "PodGroup": "scheduling.k8s.io/v1alpha2"}


class Cluster:
    """Writes the objects of one rack; `born` is the RFC 3339 time at which it came up."""

    def __init__(self, names, born):
        self.names = names
        self.born = born

    def uid(self, kind, namespace, name, salt=""):
        return str(uuid.uuid5(uuid.NAMESPACE_URL,
                              f"{self.names.directory}/{kind}/{namespace}/{name}/{salt}"))

    def pod_uid(self, pod):
        """A pod never moves: bound to another node it is another pod, with another uid."""
        return self.uid("Pod", pod.namespace, pod.name, pod.node.name)

    def bundle(self, word):
        """File name -> objects, for every file of the bundle."""
        return {
            "nodes.json": [self.node(node, word) for node in layout.NODES],
            "resourceslices.json": [self.slice(node, word) for node in layout.NODES],
            "resourceclaims.json": [self.claim(pod, word) for pod in word.pods],
            "pods.json": [self.pod(pod) for pod in word.pods],
            "podgroups.json": [self.pod_group()],
        }

    def _object(self, kind, name, namespace="", uid="", **parts):
        metadata = {"name": name, "uid": uid or self.uid(kind, namespace, name),
                    "resourceVersion": "", "creationTimestamp": self.born}
        if namespace:
            metadata["namespace"] = namespace
        metadata.update(parts.pop("metadata", {}))
        return {"apiVersion": API_OF_KIND[kind], "kind": kind, "metadata": metadata, **parts}

    def node(self, node, word):
        labels = {"kubernetes.io/hostname": node.name, layout.ZONE_LABEL: "zone-1",
                  layout.RACK_LABEL: word.rack_labels[node.name], layout.SPINE_LABEL: "spine-1"}
        size = {"cpu": "2", "memory": "2Gi", "pods": "110"}
        addresses = [{"type": "InternalIP", "address": node.management},
                     {"type": "Hostname", "address": node.name}]
        status = {"addresses": addresses, "allocatable": size, "capacity": size,
                  "conditions": [self._condition("Ready", "KubeletReady")]}
        return self._object("Node", node.name, metadata={"labels": labels}, spec={},
                            status=status)

    def _condition(self, kind, reason):
        return {"type": kind, "status": "True", "reason": reason, "message": "",
                "lastTransitionTime": self.born}

    def slice(self, node, word):
        owner = {"apiVersion": "v1", "kind": "Node", "name": node.name, "controller": True,
                 "uid": self.uid("Node", "", node.name)}
        devices = [{"name": device.name, "attributes": _attributes(device)}
                   for device in word.slices[node.name]]
        pool = {"name": node.name, "generation": 1, "resourceSliceCount": 1}
        return self._object("ResourceSlice", f"{node.name}-{DRIVER}",
                            metadata={"generation": 1, "ownerReferences": [owner]},
                            spec={"driver": DRIVER, "nodeName": node.name, "pool": pool,
                                  "devices": devices})

    def claim(self, pod, word):
        published = {device.name: device for device in word.slices[pod.node.name]}
        requests = [{"name": f"nic-{index}",
                     "exactly": {"deviceClassName": DEVICE_CLASS,
                                 "allocationMode": "ExactCount", "count": 1}}
                    for index in range(len(pod.devices))]
        results = [{"request": f"nic-{index}", **self._given(pod, device)}
                   for index, device in enumerate(pod.devices)]
        term = {"matchFields": [{"key": "metadata.name", "operator": "In",
                                 "values": [pod.node.name]}]}
        status = {
            "allocation": {"allocationTimestamp": self.born, "devices": {"results": results},
                           "nodeSelector": {"nodeSelectorTerms": [term]}},
            "devices": [self._network_data(pod, published[name]) for name in pod.devices],
            "reservedFor": [{"resource": "pods", "name": pod.name, "uid": self.pod_uid(pod)}]}
        return self._object("ResourceClaim", pod.claim, pod.namespace,
                            spec={"devices": {"requests": requests}}, status=status)

    def _given(self, pod, device):
        return {"driver": DRIVER, "pool": pod.node.name, "device": device}

    def _network_data(self, pod, device):
        data = {"interfaceName": device.name, "ips": [device.address],
                "hardwareAddress": true_mac(pod.node, device.name)}
        return {**self._given(pod, device.name), "networkData": data,
                "conditions": [self._condition("Ready", "NetworkDeviceReady")]}

    def pod(self, pod):
        spec = {"nodeName": pod.node.name, "hostNetwork": not pod.network,
                "restartPolicy": "Always", "schedulerName": "default-scheduler",
                "containers": [{"name": "main", "image": "registry.example/plumbline:1",
                                "resources": {"claims": [{"name": "nics"}]}}],
                "resourceClaims": [{"name": "nics", "resourceClaimName": pod.claim}]}
        if pod.gang:
            spec["schedulingGroup"] = {"podGroupName": pod.gang}
        address = layout.storage_address() if pod.network else pod.node.management
        status = {"phase": "Running", "hostIP": pod.node.management, "podIP": address,
                  "startTime": self.born, "conditions": [self._condition("Ready", "")],
                  "resourceClaimStatuses": [{"name": "nics", "resourceClaimName": pod.claim}]}
        return self._object("Pod", pod.name, pod.namespace, self.pod_uid(pod),
                            metadata={"labels": {"app": pod.name.rpartition("-")[0]}},
                            spec=spec, status=status)

    def pod_group(self):
        spec = {"schedulingPolicy": {"gang": {"minCount": 2}},
                "schedulingConstraints": {"topology": [{"key": layout.RACK_LABEL}]}}
        status = {"conditions": [self._condition("PodGroupScheduled", "Scheduled")]}
        return self._object("PodGroup", layout.GANG, layout.OWN_NAMESPACE, spec=spec,
                            status=status)


def true_mac(node, device):
    """What the driver wrote into the claim when it attached the device: the MAC it had."""
    numbers = {rail.device: rail.number for rail in layout.RAILS}
    return layout.mac(node, numbers.get(device, 3))


def _attributes(device):
    texts = {"ifName": device.name, "mac": device.mac, "ipv4": device.address, "state": "up",
             "type": "veth", "encapsulation": "ether"}
    attributes = {f"{DRIVER}/{key}": {"string": text} for key, text in texts.items()}
    attributes[f"{DRIVER}/mtu"] = {"int": device.mtu}
    attributes[f"{DRIVER}/rdma"] = {"bool": False}
    attributes[f"{DRIVER}/virtual"] = {"bool": True}
    return dict(sorted(attributes.items()))
