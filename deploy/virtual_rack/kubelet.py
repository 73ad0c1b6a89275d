"""What each kubelet answers (PodResources v1 as JSON) and the CNI results of its pods."""

from . import layout, namespaces
from .objects import DRIVER


def pod_resources(node, word):
    """The answer of one node's kubelet; the stand-in kubelet reads it on every call."""
    pods = [_pod(pod) for pod in word.pods if pod.node == node]
    return {"pod_resources": pods, "allocatable": {"devices": [], "cpu_ids": [], "memory": []}}


def _pod(pod):
    given = [{"driver_name": DRIVER, "pool_name": pod.node.name, "device_name": device,
              "cdi_devices": []} for device in pod.devices]
    claim = {"claim_name": pod.claim, "claim_namespace": pod.namespace, "claim_resources": given}
    return {"name": pod.name, "namespace": pod.namespace,
            "containers": [{"name": "main", "dynamic_resources": [claim]}]}


def cni_results(node, word, cluster):
    """File name -> libcni cache content, for the node's pods with their own network."""
    return dict(_cni_result(pod, word, cluster)
                for pod in word.pods if pod.node == node and pod.network)


def _cni_result(pod, word, cluster):
    network = "storage"
    container = cluster.uid("Container", pod.namespace, pod.name).replace("-", "") * 2
    device = next(d for d in word.slices[pod.node.name] if d.name == layout.STORAGE_DEVICE)
    interface = {"name": device.name, "mac": device.mac,
                 "sandbox": namespaces.path(pod.network)}
    arguments = [["K8S_POD_NAMESPACE", pod.namespace], ["K8S_POD_NAME", pod.name],
                 ["K8S_POD_UID", cluster.pod_uid(pod)]]
    return f"{network}-{container}-{device.name}", {
        "kind": "cniCacheV1", "containerId": container, "ifName": device.name,
        "networkName": network, "cniArgs": arguments,
        "result": {"cniVersion": "1.0.0", "interfaces": [interface],
                   "ips": [{"interface": 0, "address": device.address}]}}
