"""What a container is told: its environment, its arguments and the fields of its pod."""

import base64
import re

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
KEYED = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]$")
WORD = re.compile(r"\$(\$|\(([-._a-zA-Z0-9]+)\))")


class Missing(Exception):
    """Something that a container needs is not there (yet); the pod waits with this reason."""


def field(pod, path):
    """The value of a fieldRef; an absent label or annotation is empty, as in kubelet."""
    keyed = KEYED.match(path)
    if keyed:
        return pod["metadata"].get(keyed[1], {}).get(keyed[2], "")
    if path == "status.podIPs":
        return ",".join(one["ip"] for one in pod["status"].get("podIPs", []))
    value = pod
    for part in path.split("."):
        value = value.get(part, {})
    return value if isinstance(value, str) else ""


def resource(container, wanted):
    """The value of a resourceFieldRef, in its divisor's units when that is 1."""
    kind, _, name = wanted["resource"].partition(".")
    return str(container.get("resources", {}).get(kind, {}).get(name, "0"))


def expand(text, known):
    """$(NAME) becomes its value, $$ a dollar; an unknown name stays as it is."""
    def one(match):
        if match[1] == "$":
            return "$"
        return known.get(match[2], match[0])
    return WORD.sub(one, text)


def decoded(kind, item):
    """Key -> bytes of a Secret or a ConfigMap."""
    if kind == "secrets":
        return {key: base64.b64decode(value) for key, value in item.get("data", {}).items()}
    plain = {key: value.encode() for key, value in item.get("data", {}).items()}
    binary = {key: base64.b64decode(value) for key, value in item.get("binaryData", {}).items()}
    return {**plain, **binary}


def keyed(pod, get, kind, reference):
    """The value of a secretKeyRef or configMapKeyRef; None when it is optional and absent."""
    item = get(kind, pod["metadata"]["namespace"], reference["name"])
    values = decoded(kind, item) if item else {}
    if reference["key"] in values:
        return values[reference["key"]].decode()
    if reference.get("optional"):
        return None
    raise Missing(f"no {reference['key']} in {kind} {reference['name']}")


def _value(pod, container, source, get):
    if "fieldRef" in source:
        return field(pod, source["fieldRef"]["fieldPath"])
    if "resourceFieldRef" in source:
        return resource(container, source["resourceFieldRef"])
    if "secretKeyRef" in source:
        return keyed(pod, get, "secrets", source["secretKeyRef"])
    return keyed(pod, get, "configmaps", source["configMapKeyRef"])


def of(pod, container, given, service, get):
    """The container's whole environment. `get(kind, namespace, name)` reads an object or None."""
    values = {"PATH": PATH, "HOME": "/", "HOSTNAME": hostname(pod), **service}
    if "nvidia.com/gpu" in given:
        values["NVIDIA_VISIBLE_DEVICES"] = ",".join(given["nvidia.com/gpu"])
    for resource, ids in given.items():
        if resource != "nvidia.com/gpu":
            values["PCIDEVICE_" + re.sub(r"\W", "_", resource).upper()] = ",".join(ids)
    for entry in container.get("env", []):
        value = entry.get("value", "")
        if "valueFrom" in entry:
            value = _value(pod, container, entry["valueFrom"], get)
        if value is not None:
            values[entry["name"]] = expand(value, values) if "value" in entry else value
    return values


def command(container, entrypoint, values):
    """The words to execute: the image's entrypoint unless the container has a command."""
    words = container.get("command") or entrypoint
    return [expand(word, values) for word in [*words, *container.get("args", [])]]


def hostname(pod):
    return pod["spec"].get("hostname") or pod["metadata"]["name"]
