"""A small client of the API server: requests, and a watch that survives restarts of the server."""

import http.client
import json
import ssl
import threading
import time
import urllib.error
import urllib.request

MERGE = "application/merge-patch+json"
AGAIN_S = 0.2
# The server is away, or answers with something that is no answer.
LOST = (OSError, http.client.HTTPException, ValueError)


class Api:
    """Speaks with the server as the holder of one client certificate; any thread may use it."""

    def __init__(self, server, pki):
        self.server = server
        self.tls = ssl.create_default_context(cafile=f"{pki}/ca.crt")
        self.tls.load_cert_chain(f"{pki}/admin.crt", f"{pki}/admin.key")

    def ask(self, method, path, body=None, content="application/json"):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.server + path, data, method=method,
                                         headers={"Content-Type": content})
        with urllib.request.urlopen(request, context=self.tls, timeout=10) as answer:
            return json.load(answer)

    def insist(self, method, path, body=None, content="application/json", over=lambda: False):
        """ask(), again and again while the server is away; None when it refuses, or when over()."""
        while not over():
            try:
                return self.ask(method, path, body, content)
            except urllib.error.HTTPError as error:
                if error.code < 500 and error.code != 429:
                    return None
            except LOST:
                pass
            time.sleep(AGAIN_S)
        return None

    def follow(self, path, seen, gone):
        """Calls seen(object) for each object and each change, gone(uid) for what is deleted; never
        returns. Missed deletions are found by listing again."""
        known = {}
        while True:
            try:
                self._follow_once(path, seen, gone, known)
            except LOST:
                pass
            time.sleep(AGAIN_S)

    def _follow_once(self, path, seen, gone, known):
        listed = self.ask("GET", path)
        present = {item["metadata"]["uid"]: item for item in listed["items"]}
        for uid in [uid for uid in known if uid not in present]:
            gone(known.pop(uid))
        for uid, item in present.items():
            known[uid] = item
            seen(item)
        version = listed["metadata"]["resourceVersion"]
        request = f"{self.server}{path}?watch=1&resourceVersion={version}&timeoutSeconds=600"
        with urllib.request.urlopen(request, context=self.tls, timeout=610) as stream:
            for line in stream:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                item = event["object"]
                if event["type"] == "DELETED":
                    known.pop(item["metadata"]["uid"], None)
                    gone(item)
                else:
                    known[item["metadata"]["uid"]] = item
                    seen(item)


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def in_thread(action, *arguments):
    """A daemon thread, which does not keep the program alive."""
    thread = threading.Thread(target=action, args=arguments, daemon=True)
    thread.start()
    return thread
