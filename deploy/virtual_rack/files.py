"""The rack's files: written whole or not at all, removed by name."""

import json
import os
import shutil

from . import kubelet, layout, signals, stage
from .objects import Cluster

OWN_ENTRIES = ("nodes", "bundle", "pki", "logs", "stage.yaml", "mpi-agent", "hosts",
               "state.json")


def write(path, text, mode=0o644):
    """Replaces the file in one step, so that a reader never sees half of it."""
    temporary = f"{path}.{os.getpid()}.tmp"
    with signals.put_off():
        with open(temporary, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(temporary, mode)
        os.replace(temporary, path)


def write_json(path, value):
    write(path, json.dumps(value, indent=2) + "\n")


def read_json(path):
    with open(path, encoding="utf-8") as stream:
        return json.load(stream)


def create(names, script, nic_mbit):
    """Folders, hosts file, stage file and the launcher for mpirun."""
    for folder in ("bundle", "logs"):
        os.makedirs(names.path(folder))
    for node in layout.NODES:
        os.makedirs(names.node_path(node, "cni", "results"))
    write(names.path("hosts"), _hosts())
    write(names.path("stage.yaml"), stage.text(nic_mbit))
    write(names.path("mpi-agent"), _launcher(names, script), 0o755)


def _hosts():
    lines = ["127.0.0.1 localhost", f"{layout.CONTROL_ADDRESS} control"]
    return "\n".join(lines + [f"{node.management} {node.name}" for node in layout.NODES]) + "\n"


def _launcher(names, script):
    quote = lambda text: "'" + text.replace("'", "'\\''") + "'"
    return ("#!/bin/sh\n"
            "# mpi-agent HOST COMMAND...: for Open MPI's plm_rsh_agent, as `ssh HOST COMMAND`.\n"
            "host=$1; shift\n"
            f"exec {quote(script)} --dir {quote(names.directory)} exec \"$host\" -- "
            "sh -c \"$*\"\n")


def write_word(names, word, born, version):
    """Writes the bundle, the kubelets' answers and the CNI results of one word.

    An object that changed gets `version` as its resourceVersion; the others keep theirs."""
    cluster = Cluster(names, born)
    for name, items in cluster.bundle(word).items():
        _write_list(names.path("bundle", name), items, version)
    for node in layout.NODES:
        write_json(names.node_path(node, "podresources.json"), kubelet.pod_resources(node, word))
        _write_results(names.node_path(node, "cni", "results"),
                       kubelet.cni_results(node, word, cluster))


def _write_list(path, items, version):
    before = {item["metadata"]["uid"]: item for item in _items(path)}
    for item in items:
        old = before.get(item["metadata"]["uid"])
        kept = old["metadata"]["resourceVersion"] if old else None
        item["metadata"]["resourceVersion"] = kept or ""
        if item != old:
            item["metadata"]["resourceVersion"] = str(version)
    write_json(path, {"apiVersion": "v1", "kind": "List", "items": items,
                      "metadata": {"resourceVersion": ""}})


def _items(path):
    return read_json(path)["items"] if os.path.exists(path) else []


def _write_results(folder, results):
    for name in os.listdir(folder):
        if name not in results:
            os.remove(os.path.join(folder, name))
    for name, result in results.items():
        write_json(os.path.join(folder, name), result)


def remove(names):
    """Removes what the rack made, and its directory when nothing else is in it."""
    for entry in OWN_ENTRIES:
        path = names.path(entry)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.remove(path)
    remove_if_empty(names)


def remove_if_empty(names):
    try:
        os.rmdir(names.directory)
    except OSError:
        pass  # something of the user's own is in it, or it was never made
