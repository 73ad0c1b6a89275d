"""What the three controllers share: they follow their own kind and what they made, and look at one object at a time."""

import threading

from api import MERGE, in_thread, now


class Controller:
    """A kind says `api_version`, `kind`, `plural`, the collections (`made`) of what it makes, and look(item)."""

    def __init__(self, api):
        self.api, self.lock = api, threading.RLock()
        self.items, self.children, self.told = {}, {}, {}

    def start(self):
        in_thread(self.api.follow, f"/apis/{self.api_version}/{self.plural}", self.seen, self.gone)
        for path in self.made:
            in_thread(self.api.follow, path, self.child_seen, self.child_gone)

    # --- what the watches say ----------------------------------------------------------------

    def seen(self, item):
        with self.lock:
            self.items[item["metadata"]["uid"]] = item
            self._look(item["metadata"]["uid"])

    def gone(self, item):
        with self.lock:
            for known in (self.items, self.children, self.told):
                known.pop(item["metadata"]["uid"], None)

    def child_seen(self, child):
        with self.lock:
            owner = self._keep(child)
            if owner:
                self._look(owner)

    def child_gone(self, child):
        with self.lock:
            owner = self._owner(child)
            if owner:
                self.children.get(owner, {}).pop(key(child), None)
                self._look(owner)

    def _owner(self, child):
        return next((one["uid"] for one in child["metadata"].get("ownerReferences", [])
                     if one["kind"] == self.kind and one.get("controller")), None)

    def _keep(self, child):
        owner = self._owner(child)
        if owner:
            self.children.setdefault(owner, {})[key(child)] = child
        return owner

    def _look(self, uid):
        item = self.items.get(uid)
        if item and "deletionTimestamp" not in item["metadata"]:
            self.look(item)

    # --- for the kinds -----------------------------------------------------------------------

    def of(self, item, kind):
        """What was made of this kind: name -> object."""
        own = self.children.get(item["metadata"]["uid"], {})
        return {name: child for (told, name), child in own.items() if told == kind}

    def make(self, item, collection, child):
        """Makes an object that the item owns, once; one that is there already stays as it is."""
        meta = item["metadata"]
        child["metadata"] |= {"namespace": meta["namespace"], "ownerReferences": [{
            "apiVersion": self.api_version, "kind": self.kind, "name": meta["name"],
            "uid": meta["uid"], "controller": True, "blockOwnerDeletion": True}]}
        own = self.children.setdefault(meta["uid"], {})
        if key(child) in own:
            return
        path = f"{collection}/namespaces/{meta['namespace']}/{plural(child['kind'])}"
        answer = self.api.insist("POST", path, child)
        own[key(child)] = {**(answer or child), "kind": child["kind"]}

    def remove(self, collection, child):
        meta = child["metadata"]
        self.api.insist("DELETE", f"{collection}/namespaces/{meta['namespace']}/{plural(child['kind'])}/"
                        f"{meta['name']}?propagationPolicy=Background")

    def tell(self, item, status):
        """Writes the status, when it is another than was told before."""
        meta = item["metadata"]
        if self.told.get(meta["uid"]) == status:
            return
        self.told[meta["uid"]] = status
        self.api.insist("PATCH", f"/apis/{self.api_version}/namespaces/{meta['namespace']}/{self.plural}/"
                        f"{meta['name']}/status", {"status": status}, MERGE)


def key(child):
    """Lists of one kind do not name it in each item: then the one of its owner's collection, told by its spec."""
    kind = child.get("kind") or ("Job" if "template" in child["spec"] else
                                 "JobSet" if "replicatedJobs" in child["spec"] else "Pod")
    return kind, child["metadata"]["name"]


def plural(kind):
    return kind.lower() + "s"  # of the kinds that are made here


def condition(kind, reason, message, since=None):
    return {"type": kind, "status": "True", "reason": reason, "message": message,
            "lastTransitionTime": since or now()}


def keep_times(conditions, item):
    """Conditions that were told before keep their time."""
    before = {one["type"]: one["lastTransitionTime"]
              for one in item.get("status", {}).get("conditions", [])}
    return [{**one, "lastTransitionTime": before.get(one["type"], one["lastTransitionTime"])}
            for one in conditions]


def ended_as(job):
    """"Complete", "Failed" or nothing, by a Job's conditions."""
    return next((one["type"] for one in job.get("status", {}).get("conditions", [])
                 if one["type"] in ("Complete", "Failed") and one["status"] == "True"), None)
