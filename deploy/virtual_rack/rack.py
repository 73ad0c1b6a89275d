"""Raises and takes down one rack, and keeps its processes."""

import os
import socket
import time

from . import files, kernel, layout, links, namespaces, pki, processes, sandbox, signals, word
from .errors import RackError
from .state import State

READY_S = 10.0
SOCKET_PATH_LIMIT = 107


class Rack:
    """One rack in one directory. Its methods run as the rack's owner, under its lock."""

    def __init__(self, names, state, script):
        self.names = names
        self.state = state
        self.script = script  # deploy/rack itself, for the processes that it starts

    @staticmethod
    def load(names, script):
        """The rack that is up in the directory, with its user namespace entered."""
        state = State.load(names)
        if state is None:
            raise RackError(f"no rack is up in {names.directory} (deploy/rack up raises one)")
        if not state.of_this_boot:
            raise RackError("the rack is from before the last boot; `deploy/rack down` clears "
                            "it away")
        if state.values["holder"]:
            sandbox.enter(state.values["holder"])
        return Rack(names, state, script)

    # --- up and down -------------------------------------------------------------------------

    def raise_all(self, agents):
        """Everything that `up` makes, in an order in which `down` can undo any part of it."""
        self.state.save()
        if sandbox.needed():
            with signals.put_off():
                self.state.values["holder"] = sandbox.create(self.names.directory)
                self.state.save()
        files.create(self.names, self.script, self.state.nic_mbit)
        pki.create(self.names)
        namespaces.create(self.names)
        links.build(self.names, self.state.nic_mbit, self.state.values["shaped"])
        namespaces.tune_hosts(self.names, [node.name for node in layout.NODES] + ["control"])
        self.write_word([])
        self._start_servers(agents)

    def _start_servers(self, agents):
        if self.binary("stand-in-kubelet"):
            for node in layout.NODES:
                self.start_kubelet(node)
        if agents and self.binary("plumbline"):
            for node in layout.NODES:
                self.start_agent(node)
            self.wait_ready([f"agent/{node.name}" for node in layout.NODES])

    def take_down(self):
        """Ends the rack's processes, removes its namespaces and files. Works on half a rack."""
        if self.state and self.state.of_this_boot:
            processes.end(list(self.state.processes.values()))
            self._leave_no_process()
            if self.state.values["holder"]:
                processes.end([self.state.values["holder"]])
        files.remove(self.names)

    def _leave_no_process(self):
        try:
            if self.state.values["holder"]:
                sandbox.enter(self.state.values["holder"])
        except RackError:
            return  # the holder has ended and took the namespaces with it
        inside = processes.inside(namespaces.inodes(self.names.prefix))
        if inside:
            processes.end(inside)
        namespaces.remove(self.names.prefix)

    # --- the cluster's word ------------------------------------------------------------------

    def write_word(self, changes):
        """Writes bundle and kubelet answers: the healthy word after these changes."""
        said = word.healthy(self.names)
        for change in changes:
            change(said)
        files.write_word(self.names, said, self.state.values["born"],
                         self.state.next_version())

    # --- processes ---------------------------------------------------------------------------

    def binary(self, name):
        """The path of a built program, None when it is not there."""
        path = os.path.join(self.state.values["build"], "bin", name)
        return path if os.access(path, os.X_OK) else None

    def start(self, name, command, log, before=None):
        """Starts a background process of the rack and remembers it."""
        with signals.put_off():
            self.state.processes[name] = processes.start(command, log, before)
            self.state.save()

    def stop(self, name):
        record = self.state.processes.pop(name, None)
        if record:
            processes.end([record])
        self.state.save()

    def on_host(self, host):
        """What a process does first to become one of that host."""
        return lambda: namespaces.become(self.names.namespace(host), host,
                                         self.names.path("hosts"))

    def start_kubelet(self, node):
        path = self.names.node_path(node, "kubelet.sock")
        if len(path) > SOCKET_PATH_LIMIT:
            raise RackError(f"{path}: longer than a socket's path may be; choose a shorter --dir")
        self.start(f"kubelet/{node.name}",
                   [self.binary("stand-in-kubelet"), "--socket", path,
                    "--answer", self.names.node_path(node, "podresources.json")],
                   self.names.node_path(node, "kubelet.log"), self.on_host(node.name))

    def start_agent(self, node):
        folder = self.names.node_path(node, "pki")
        command = [self.binary("plumbline"), "agent", "--node", node.name,
                   "--listen", f"{node.management}:{layout.AGENT_PORT}",
                   "--tls-ca", f"{folder}/ca.pem", "--tls-cert", f"{folder}/cert.pem",
                   "--tls-key", f"{folder}/key.pem",
                   "--kubelet-socket", self.names.node_path(node, "kubelet.sock"),
                   "--cni-results", self.names.node_path(node, "cni", "results")]
        if self.binary("plumbline-probe"):
            command += ["--probe", self.binary("plumbline-probe")]
        described = self.state.values.get("gpus", {}).get(node.name)
        if described:
            command += ["--drivers", f"fake:{described}"]
        if self.state.values.get("rank"):
            command += ["--rank", self.state.values["rank"]]
        for rail in layout.RAILS:
            command += ["--allow-peer-subnet", rail.subnet]
        self.start(f"agent/{node.name}", command, self.names.node_path(node, "agent.log"),
                   self.on_host(node.name))

    def wait_ready(self, agents):
        """Waits until every one of these agents accepts connections."""
        nodes = [layout.node_named(name.partition("/")[2]) for name in agents]
        deadline = time.monotonic() + READY_S
        control = namespaces.path(self.names.namespace("control"))
        for node in nodes:
            while kernel.in_child(lambda: _connect(control, node.management)):
                self._still_starting(node, deadline)
                time.sleep(0.02)

    def _still_starting(self, node, deadline):
        if not processes.alive(self.state.processes[f"agent/{node.name}"]):
            raise RackError(f"the agent of {node.name} ended at its start: {self._said(node)}")
        if time.monotonic() > deadline:
            raise RackError(f"the agent of {node.name} does not listen within {READY_S:.0f} s: "
                            f"{self._said(node)}")

    def _said(self, node):
        with open(self.names.node_path(node, "agent.log"), errors="replace") as stream:
            lines = [line.strip() for line in stream if line.strip()]
        return lines[-1] if lines else "its log is empty"


def _connect(network, address):
    kernel.enter(network, kernel.CLONE_NEWNET)
    with socket.create_connection((address, layout.AGENT_PORT), timeout=1):
        pass
