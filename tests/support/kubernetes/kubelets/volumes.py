"""The volumes of a pod as folders below the pod's own folder, and where a container sees them."""

import os

from environment import Missing, decoded, field

MACHINE = ("/sys", "/proc", "/dev")


class Volumes:
    """Makes a pod's volumes. `get(kind, namespace, name)` reads an object or None, `token(account,
    source)` gives a ServiceAccount token."""

    def __init__(self, pod, node, folder, get, token):
        self.pod, self.node, self.folder = pod, node, folder
        self.get, self.token = get, token
        self.group = pod["spec"].get("securityContext", {}).get("fsGroup")

    def make(self):
        """Volume name -> folder or file on this machine; raises Missing while something lacks."""
        return {volume["name"]: self._one(volume)
                for volume in self.pod["spec"].get("volumes", [])}

    def _one(self, volume):
        if "hostPath" in volume:
            return self._host_path(volume["hostPath"])
        folder = os.path.join(self.folder, "volumes", volume["name"])
        os.makedirs(folder, exist_ok=True)
        if "emptyDir" in volume:
            self._own(folder, 0o2777 if self.group is not None else 0o777)
            return folder
        for kind, source in volume.items():
            if kind in ("secret", "configMap", "downwardAPI", "projected"):
                self._fill(folder, kind, source)
                return folder
        raise Missing(f"volume {volume['name']} is of a kind that is not played")

    def _host_path(self, source):
        path = os.path.normpath(source["path"])
        for prefix in sorted(self.node.told.get("paths", {}), key=len, reverse=True):
            if path == prefix or path.startswith(prefix + "/"):
                path = self.node.told["paths"][prefix] + path[len(prefix):]
                break
        else:
            if not any(path == own or path.startswith(own + "/") for own in MACHINE):
                path = os.path.join(self.node.folder, "root") + path
        if source.get("type") == "DirectoryOrCreate":
            os.makedirs(path, exist_ok=True)
        if not os.path.exists(path):
            raise Missing(f"hostPath type check failed: {source['path']} is not there")
        return path

    # --- volumes of files --------------------------------------------------------------------

    def _fill(self, folder, kind, source):
        mode = source.get("defaultMode", 0o644)
        parts = source.get("sources", []) if kind == "projected" else [{kind: source}]
        for part in parts:
            for name, (content, own_mode) in self._files(part).items():
                path = os.path.join(folder, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as stream:
                    stream.write(content)
                self._own(path, own_mode or mode)
        self._own(folder, 0o755)

    def _files(self, part):
        (kind, source), = part.items()
        if kind == "serviceAccountToken":
            return {source["path"]: (self.token(source), None)}
        if kind == "downwardAPI":
            return {item["path"]: (field(self.pod, item["fieldRef"]["fieldPath"]).encode(),
                                   item.get("mode")) for item in source.get("items", [])}
        plural = {"secret": "secrets", "configMap": "configmaps"}[kind]
        name = source.get("secretName") or source.get("name")
        found = self.get(plural, self.pod["metadata"]["namespace"], name)
        if found is None:
            if source.get("optional"):
                return {}
            raise Missing(f"{plural} {name} not found")
        return self._chosen(decoded(plural, found), source, f"{plural} {name}")

    def _chosen(self, values, source, what):
        if not source.get("items"):
            return {key: (value, None) for key, value in values.items()}
        for item in source["items"]:
            if item["key"] not in values and not source.get("optional"):
                raise Missing(f"{what} has no {item['key']}")
        return {item["path"]: (values[item["key"]], item.get("mode"))
                for item in source["items"] if item["key"] in values}

    def _own(self, path, mode):
        """With an fsGroup the files are the group's to read, as kubelet sets them."""
        if self.group is not None:
            os.chown(path, 0, self.group)
            mode |= 0o050 if os.path.isdir(path) else 0o040
        os.chmod(path, mode)


def mounts(pod, container, made):
    """The container's mounts: [{source, target, read_only}], outer ones first."""
    result = []
    for mount in container.get("volumeMounts", []):
        source = made[mount["name"]]
        if mount.get("subPath"):
            source = os.path.join(source, mount["subPath"])
        result.append({"source": source, "target": os.path.normpath(mount["mountPath"]),
                       "read_only": mount.get("readOnly", False)})
    result.sort(key=lambda mount: mount["target"].count("/"))
    _make_places(result, [volume["name"] for volume in pod["spec"].get("volumes", [])
                          if "hostPath" not in volume], made)
    return result


def _make_places(sorted_mounts, own, made):
    """A mount inside of another lies on a folder of that volume: kubelet makes it, since the outer one may be
    read-only."""
    for inner in sorted_mounts:
        for outer in sorted_mounts:
            below = inner["target"].removeprefix(outer["target"].rstrip("/") + "/")
            if below != inner["target"] and outer["source"] in [made[name] for name in own]:
                os.makedirs(os.path.join(outer["source"], below), exist_ok=True)
