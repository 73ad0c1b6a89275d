"""One pod on its node, from its admission to its end: what a kubelet's pod worker does."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time

import environment
import volumes
from api import MERGE, now
from environment import Missing
from readiness import ready

LAUNCHER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "container.py")
RETRY_S, PROBE_S, LONGEST_BACKOFF_S = 0.3, 0.3, 10.0
# What a container runtime leaves to a container that asks for nothing.
DEFAULT_CAPABILITIES = ("chown", "dac_override", "fowner", "fsetid", "kill", "setgid", "setuid",
                        "setpcap", "net_bind_service", "net_raw", "sys_chroot", "mknod",
                        "audit_write", "setfcap")


class Container:
    """One container of the pod and its process, if it has one now."""

    def __init__(self, spec):
        self.spec, self.name = spec, spec["name"]
        self.process = self.descriptor = None
        self.restarts, self.started, self.ended, self.due = 0, None, None, 0.0
        self.waiting = "ContainerCreating"

    def status(self, is_ready):
        state = {"waiting": {"reason": self.waiting}}
        if self.process:
            state = {"running": {"startedAt": self.started}}
        elif self.ended is not None:
            code, at = self.ended
            state = {"terminated": {"exitCode": code, "startedAt": self.started, "finishedAt": at,
                                    "reason": "Error" if code else "Completed"}}
        running = self.process is not None
        return {"name": self.name, "image": self.spec["image"], "imageID": "",
                "restartCount": self.restarts, "ready": running and is_ready,
                "started": running, "state": state}


class PodWorker:
    """`host` is the program that plays the kubelets: api, node, images, and what it makes for pods."""

    def __init__(self, pod, node, host):
        self.pod, self.node, self.host = pod, node, host
        self.uid = pod["metadata"]["uid"]
        self.folder = os.path.join(node.folder, "pods", self.uid)
        self.reader, self.writer = os.pipe()
        self.deleted = threading.Event()  # asked to end
        self.gone = threading.Event()     # no object of it is left
        self.address, self.given, self.made = None, {}, {}
        self.containers = [Container(spec) for spec in pod["spec"]["containers"]]
        self.reported = None

    # --- what the watch says -----------------------------------------------------------------

    def update(self, pod):
        self.pod = pod
        if pod["metadata"].get("deletionTimestamp"):
            self.deleted.set()
        os.write(self.writer, b".")

    def vanish(self):
        self.gone.set()
        self.deleted.set()
        os.write(self.writer, b".")

    # --- its life ----------------------------------------------------------------------------

    def run(self):
        try:
            self._live()
        finally:
            self._kill(0.0)
            self.node.take_back(self.uid)
            self.host.forget_address(self)
            self.deleted.wait()
            self._remove()

    def _live(self):
        if self.deleted.is_set():
            return
        given = self.node.give(self.pod)
        if given is None:
            self._report("Failed", reason="UnexpectedAdmissionError",
                         message="fewer devices are free than the pod asks for")
            return
        self.given = given
        self.address = self.host.address_of(self)
        if self._prepare() and self._initialise():
            self._supervise()

    def _prepare(self):
        """Waits until every volume can be made."""
        maker = volumes.Volumes(self.pod, self.node, self.folder, self.host.get,
                                lambda source: self.host.token(self.pod, source))
        while not self.deleted.is_set():
            try:
                self.made = maker.make()
                return True
            except Missing as missing:
                self._report("Pending", message=str(missing))
            self._wait(RETRY_S)
        return False

    def _initialise(self):
        for spec in self.pod["spec"].get("initContainers", []):
            container = Container(spec)
            self._start(container)
            while container.process and not self.deleted.is_set():
                self._wait(None, [container])
            if container.process:
                self._end([container], self._grace())
            if self.deleted.is_set():
                return False
            if container.ended[0] != 0:
                self._report("Failed", message=f"init container {spec['name']} failed")
                return False
        return True

    def _supervise(self):
        deadline = self._deadline()
        while not self.deleted.is_set():
            self._start_due()
            running = any(one.process for one in self.containers)
            due = [one for one in self.containers if self._restarts(one)]
            if not running and not due:
                codes = [one.ended[0] for one in self.containers]
                self._report("Failed" if any(codes) else "Succeeded")
                return
            if deadline and time.time() > deadline:
                self._end(self.containers, self._grace())
                self._report("Failed", reason="DeadlineExceeded",
                             message="Pod was active on the node longer than the specified deadline")
                return
            is_ready = self._ready()
            self._report("Running", is_ready=is_ready)
            self._wait(PROBE_S if due or deadline or not is_ready else None, self.containers)
        self._end(self.containers, self._grace())

    def _deadline(self):
        seconds = self.pod["spec"].get("activeDeadlineSeconds")
        return time.time() + seconds if seconds else None

    def _grace(self):
        return float(self.pod["metadata"].get("deletionGracePeriodSeconds")
                     or self.pod["spec"].get("terminationGracePeriodSeconds", 30))

    def _remove(self):
        """The last step: its end is reported, and the object let go."""
        meta = self.pod["metadata"]
        if not self.gone.is_set():
            codes = [one.ended[0] for one in self.containers if one.ended]
            if self.pod["status"].get("phase") not in ("Succeeded", "Failed"):
                self._report("Failed" if any(codes) or not codes else "Succeeded")
            self.host.api.insist("DELETE", path(meta), {
                "gracePeriodSeconds": 0, "preconditions": {"uid": self.uid}})
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- containers --------------------------------------------------------------------------

    def _restarts(self, container):
        policy = self.pod["spec"].get("restartPolicy", "Always")
        if container.process:
            return False
        if container.ended is None:
            return True
        return policy == "Always" or (policy == "OnFailure" and container.ended[0] != 0)

    def _start_due(self):
        for container in self.containers:
            if self._restarts(container) and time.monotonic() >= container.due:
                if container.ended is not None:
                    container.restarts += 1
                self._start(container)

    def _start(self, container):
        try:
            spec = self._spec(container)
        except Missing as missing:
            container.waiting = "CreateContainerConfigError"
            container.due = time.monotonic() + RETRY_S
            self._report("Pending", message=str(missing))
            return
        file = os.path.join(self.folder, f"{container.name}.json")
        with open(file, "w", encoding="utf-8") as stream:
            json.dump(spec, stream)
        with open(self.log(container.name), "ab") as log:
            container.process = subprocess.Popen(
                [sys.executable, "-B", "-S", LAUNCHER, file], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True)
        container.descriptor = os.pidfd_open(container.process.pid)
        container.started = now()

    def log(self, name):
        folder = os.path.join(self.folder, "logs")
        os.makedirs(folder, exist_ok=True)
        return os.path.join(folder, name + ".log")

    def _spec(self, container):
        spec = container.spec
        security = {**self.pod["spec"].get("securityContext", {}),
                    **spec.get("securityContext", {})}
        user = security.get("runAsUser", self.host.image_user(spec["image"]))
        if security.get("runAsNonRoot") and user == 0:
            raise Missing("container has runAsNonRoot and image will run as root")
        shown = {**self.pod, "status": {**self.pod.get("status", {}), "podIP": self.address,
                                        "hostIP": self.node.told["address"],
                                        "podIPs": [{"ip": self.address}]}}
        given, nodes = self.node.put_inside(self.given.get(container.name, {}))
        values = environment.of(shown, spec, given, self.host.service, self.host.get)
        root = os.path.join(self.folder, "root-" + container.name)
        os.makedirs(root, exist_ok=True)
        group = security.get("fsGroup")
        return {"netns": self.node.told["netns"], "hostname": environment.hostname(self.pod),
                "hosts": self.host.hosts_file, "root": root, "programs": self.host.programs,
                "mounts": volumes.mounts(self.pod, spec, self.made),
                "read_only_root": security.get("readOnlyRootFilesystem", False),
                "command": environment.command(spec, self.host.entrypoint(spec["image"]), values),
                "environment": values, "directory": spec.get("workingDir", "/"), "user": user,
                "group": security.get("runAsGroup", user), "groups": [group] if group else [],
                "capabilities": capabilities(security), "device_nodes": nodes,
                "no_new_privileges": not security.get("allowPrivilegeEscalation", True)}

    def _end(self, containers, grace):
        """SIGTERM, and SIGKILL to what is left after the grace."""
        self._signal(containers, signal.SIGTERM)
        end = time.monotonic() + grace
        while any(one.process for one in containers) and time.monotonic() < end:
            self._wait(end - time.monotonic(), containers)
        self._signal(containers, signal.SIGKILL)
        while any(one.process for one in containers):
            self._wait(1.0, containers)

    def _kill(self, grace):
        self._end(self.containers, grace)

    def _signal(self, containers, number):
        for one in containers:
            if one.process:
                signal.pidfd_send_signal(one.descriptor, number)

    def _wait(self, seconds, containers=()):
        """Until a container ends, the watch says something, or the time is over."""
        running = [one for one in containers if one.process]
        readable = select.select([self.reader, *(one.descriptor for one in running)], [], [],
                                 seconds)[0]
        if self.reader in readable:
            os.read(self.reader, 4096)
        for one in running:
            if one.process.poll() is not None:
                self._ended(one)

    def _ended(self, container):
        code = container.process.returncode
        container.ended = (128 - code if code < 0 else code, now())
        container.process = None
        os.close(container.descriptor)
        container.due = time.monotonic() + min(container.restarts, LONGEST_BACKOFF_S)

    def _ready(self):
        return all(one.process is not None and ready(one.spec, self.address)
                   for one in self.containers)

    # --- its status --------------------------------------------------------------------------

    def _report(self, phase, is_ready=False, **more):
        conditions = [one for one in self.pod.get("status", {}).get("conditions", [])
                      if one["type"] == "PodScheduled"]
        for kind in ("Initialized", "ContainersReady", "Ready"):
            true = kind == "Initialized" or is_ready
            conditions.append({"type": kind, "status": "True" if true else "False",
                               "lastTransitionTime": now()})
        address = [{"ip": self.address}] if self.address else []
        status = {"phase": phase, "conditions": conditions, "hostIP": self.node.told["address"],
                  "podIP": self.address, "podIPs": address, **more,
                  "containerStatuses": [one.status(is_ready) for one in self.containers]}
        told = json.dumps([phase, is_ready, more, status["containerStatuses"], self.address])
        if told == self.reported:
            return
        started = self.pod.get("status", {}).get("startTime") or now()
        sent = self.host.api.insist("PATCH", path(self.pod["metadata"]) + "/status",
                                    {"metadata": {"uid": self.uid},
                                     "status": {**status, "startTime": started}},
                                    MERGE, over=self.gone.is_set)
        if sent:
            self.reported = told
            self.pod["status"] = sent["status"]


def path(meta):
    return f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"


def capabilities(security):
    """The names that a container keeps; None = all."""
    if security.get("privileged"):
        return None
    asked = security.get("capabilities", {})
    dropped = {name.lower() for name in asked.get("drop", [])}
    kept = set() if "all" in dropped else set(DEFAULT_CAPABILITIES) - dropped
    return sorted(kept | {name.lower() for name in asked.get("add", [])})
