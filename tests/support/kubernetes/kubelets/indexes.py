"""Indexed Jobs on a server that forgets `completionMode` (Kubernetes before 1.21): a mutating webhook gives each pod of
each Job what the Job controller of later versions would: the annotation with its index and the host name JOB-INDEX.

An index is free again when its pod failed or was deleted before it succeeded. The Job controller itself is the real one."""

import base64
import json
import threading

from server import Quiet

ANNOTATION = "batch.kubernetes.io/job-completion-index"
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"


class Indexes:
    def __init__(self):
        self.lock = threading.Lock()
        self.taken = {}     # uid of the job -> the indexes that its pods have
        self.freed = set()  # uids of the pods whose index was given back

    def next_of(self, job):
        with self.lock:
            taken = self.taken.setdefault(job, set())
            index = next(number for number in range(len(taken) + 1) if number not in taken)
            taken.add(index)
            return index

    def seen(self, pod):
        """A pod that failed gives its index back."""
        if pod.get("status", {}).get("phase") == "Failed":
            self.gone(pod)

    def gone(self, pod):
        index = pod["metadata"].get("annotations", {}).get(ANNOTATION)
        job = owner(pod)
        if index is None or job is None or pod.get("status", {}).get("phase") == "Succeeded":
            return
        key = pod["metadata"]["uid"]
        with self.lock:
            if key not in self.freed:
                self.freed.add(key)
                self.taken.get(job, set()).discard(int(index))


def owner(pod):
    """The uid of the Job that controls the pod, None when no Job does."""
    return next((one["uid"] for one in pod["metadata"].get("ownerReferences", [])
                 if one["kind"] == "Job" and one.get("controller")), None)


def patch(pod, index):
    """The JSON patch that makes a Job's pod the one of its index."""
    meta = pod["metadata"]
    job = meta["labels"]["job-name"]
    noted = {**meta.get("annotations", {}), ANNOTATION: str(index)}
    host = pod["spec"].get("hostname") or f"{job}-{index}"[:63]  # a launcher's Job is not indexed and names its own
    return [{"op": "add", "path": "/metadata/annotations", "value": noted},
            {"op": "add", "path": "/spec/hostname", "value": host}]


def handler(indexes):
    class Handler(Quiet):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            request = body["request"]
            answer = {"uid": request["uid"], "allowed": True}
            job = owner(request["object"])
            if job and not request.get("dryRun"):
                changes = patch(request["object"], indexes.next_of(job))
                answer |= {"patchType": "JSONPatch",
                           "patch": base64.b64encode(json.dumps(changes).encode()).decode()}
            self.answer(200, json.dumps({**body, "response": answer}).encode())
    return Handler


def configuration(url, authority):
    """The webhook's own object; `authority` is the PEM of who signed its certificate."""
    return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": "stand-in-for-indexed-jobs"},
            "webhooks": [{"name": "indexes.plumbline.test", "admissionReviewVersions": ["v1"],
                          "sideEffects": "NoneOnDryRun", "failurePolicy": "Fail",
                          "clientConfig": {"url": url,
                                           "caBundle": base64.b64encode(authority).decode()},
                          "objectSelector": {"matchExpressions": [
                              {"key": "job-name", "operator": "Exists"}]},
                          "rules": [{"apiGroups": [""], "apiVersions": ["v1"],
                                     "operations": ["CREATE"], "resources": ["pods"]}]}]}
