"""A real API server for one test: raised by tests/support/kubernetes/api-server, spoken to with urllib."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
RAISER = ROOT / "tests/support/kubernetes/api-server"
CACHE = pathlib.Path(os.environ.get("PLUMBLINE_KUBERNETES", ROOT / "build/kubernetes"))
PROGRAM = pathlib.Path(os.environ["PLUMBLINE_BUILD"], "bin/plumbline")
SKIPPED = 77
MERGE = "application/merge-patch+json"


complaints = []


def expect(truth, what):
    """Keeps what is not as it should be; conclude() tells all of it."""
    if not truth:
        complaints.append(str(what))


def conclude():
    """Tells what was not as it should be, and leaves with the exit code of it."""
    for complaint in complaints:
        print(complaint)
    sys.exit(1 if complaints else 0)


def free_ports():
    """The first of four neighbouring ports on loopback that are free now."""
    for base in range(21000 + os.getpid() % 5000, 32000, 4):
        try:
            for port in range(base, base + 4):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
    sys.exit("no free ports")


class Cluster:
    def __init__(self, run, port, address="127.0.0.1"):
        self.run = pathlib.Path(run)
        self.port, self.address = port, address
        self.server = f"https://{address}:{port + 2}"
        self.kubeconfig = self.run / "kubeconfig"
        self.tls = ssl.create_default_context(cafile=self.run / "pki/ca.crt")
        self.tls.load_cert_chain(self.run / "pki/admin.crt", self.run / "pki/admin.key")

    def ask(self, method, path, body=None, content="application/json"):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.server + path, data, method=method,
                                         headers={"Content-Type": content})
        with urllib.request.urlopen(request, context=self.tls, timeout=30) as answer:
            return json.load(answer)

    def text(self, path):
        """An answer that is no JSON, such as a log."""
        with urllib.request.urlopen(self.server + path, context=self.tls, timeout=30) as answer:
            return answer.read().decode(errors="replace")

    def create(self, path, body):
        return self.ask("POST", path, body)

    def put_status(self, path, status):
        whole = self.ask("GET", path)
        whole["status"] = status
        return self.ask("PUT", path + "/status", whole)

    def define(self, group, version, kind, plural, namespaced=True, spec=None):
        """A CRD with a status subresource that keeps every field, or of the `spec` those of its schema."""
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        if spec:
            schema["properties"] = {"spec": spec}
        self.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}",
                         "annotations": {"api-approved.kubernetes.io": "unapproved, a test"}},
            "spec": {"group": group, "scope": "Namespaced" if namespaced else "Cluster",
                     "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
                     "versions": [{"name": version, "served": True, "storage": True,
                                   "subresources": {"status": {}},
                                   "schema": {"openAPIV3Schema": schema}}]}})
        for _ in range(200):
            with contextlib.suppress(urllib.error.HTTPError):
                self.ask("GET", f"/apis/{group}/{version}/{plural}")
                return
            time.sleep(0.1)
        sys.exit(f"{plural}.{group} is not served")

    def account(self, name, rules):
        """A ServiceAccount with a ClusterRole; its token."""
        self.create("/api/v1/namespaces/default/serviceaccounts",
                    {"metadata": {"name": name, "namespace": "default"}})
        rbac = "/apis/rbac.authorization.k8s.io/v1/"
        self.create(rbac + "clusterroles", {"metadata": {"name": name}, "rules": rules})
        self.create(rbac + "clusterrolebindings", {
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                        "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}]})
        answer = self.create(f"/api/v1/namespaces/default/serviceaccounts/{name}/token",
                             {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
                              "spec": {"expirationSeconds": 3600}})
        return answer["status"]["token"]

    def config(self, name, user, cluster=None):
        """A kubeconfig file beside the admin's, with another user (JSON is YAML)."""
        path = self.run / f"{name}.kubeconfig"
        path.write_text(json.dumps({
            "clusters": [{"name": "c", "cluster": {
                "server": self.server, "certificate-authority": "pki/ca.crt", **(cluster or {})}}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x"}), encoding="utf-8")
        return path

    def server_down(self):
        """The server alone goes away, and stays away."""
        subprocess.run([RAISER, "stop", self.run], check=True)

    def items(self, path):
        """What a collection holds; nothing when it is not served."""
        try:
            return self.ask("GET", path)["items"]
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return []
            raise

    def start_gangs(self):
        """A second scheduler, which knows gangs, and its right to read what they are."""
        rbac = "/apis/rbac.authorization.k8s.io/v1/"
        self.create(rbac + "clusterroles", {"metadata": {"name": "reads-gangs"}, "rules": [
            {"apiGroups": ["scheduling.x-k8s.io"], "resources": ["podgroups"], "verbs": ["get"]}]})
        self.create(rbac + "clusterrolebindings", {
            "metadata": {"name": "reads-gangs"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reads-gangs"},
            "subjects": [{"kind": "User", "name": "system:kube-scheduler"}]})
        subprocess.run([RAISER, "gangs", self.run], check=True)

    def restart(self):
        subprocess.run([RAISER, "restart", self.run], check=True)


@contextlib.contextmanager
def cluster(address="127.0.0.1", scheduling=False):
    """A fresh API server; skips the test where it cannot be had. With `scheduling` the scheduler and the controllers
    run as well."""
    wanted = ["kube-apiserver"] + ["kube-scheduler", "kube-controller-manager"] * scheduling
    for program in wanted:
        if not (CACHE / "bin" / program).exists():
            print(f"skipped: {program} is not built (tests/support/kubernetes/api-server build)")
            sys.exit(SKIPPED)
    run = tempfile.mkdtemp(prefix="plumbline-api-")
    port = free_ports()
    try:
        subprocess.run([RAISER, "up", CACHE, run, str(port), address], check=True,
                       stdout=subprocess.DEVNULL)
        if scheduling:
            subprocess.run([RAISER, "scheduling", run], check=True)
        yield Cluster(run, port, address)
    finally:
        subprocess.run([RAISER, "down", run], check=False)
        shutil.rmtree(run, ignore_errors=True)


def plumbline(*words, **more):
    """A run of the program: exit code, stdout, stderr."""
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=120,
                          check=False, **more)
    return done.returncode, done.stdout, done.stderr
