#!/usr/bin/env python3
"""`plumbline check` against a TLS server that refuses, waits, expires and changes: what a real API server does on a
bad day, made to happen."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support/kubernetes"))
from stand_in_api import Script, certificates, proxied, served  # noqa: E402

PROGRAM = pathlib.Path(os.environ["PLUMBLINE_BUILD"], "bin/plumbline")
PLACEHOLDER = {"oci.oraclecloud.com/rdma.network_block_id": "no-imds-data"}
complaints = []


def node(name, version="7"):
    """A node whose label is a placeholder: two of them are one X11 violation."""
    return {"kind": "Node", "apiVersion": "v1",
            "metadata": {"name": name, "uid": f"u-{name}", "resourceVersion": version,
                         "labels": PLACEHOLDER}}


def config(folder, port, authority, user, **more):
    path = pathlib.Path(folder, "kubeconfig")
    path.write_text(json.dumps({
        "clusters": [{"name": "c", "cluster": {"server": f"https://127.0.0.1:{port}",
                                               "certificate-authority": str(authority), **more}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x"}), encoding="utf-8")
    return path


def check(path, *more, seconds=60):
    done = subprocess.run([PROGRAM, "check", "--kubeconfig", path, "-o", "json", *more],
                          capture_output=True, text=True, timeout=seconds, check=False)
    # One whole report, or with --watch one a line.
    text = done.stdout if "--watch" not in more else f"[{','.join(done.stdout.splitlines())}]"
    reports = json.loads(text or "[]")
    return done.returncode, reports if isinstance(reports, list) else [reports], done.stderr


def expect(truth, what):
    if not truth:
        complaints.append(what)


def nodes_told(report):
    return [f["message"] for f in report["findings"] if f["rule"] == "X11"]


def one_check(folder, files, script, user=None, seconds=60):
    authority, certificate, key = files
    with served(script, certificate, key) as port:
        return check(config(folder, port, authority, user or {"token": "t"}), seconds=seconds)


def script_of_two():
    script = Script()
    script.lists["/api/v1/nodes"] = [node("a"), node("b")]
    return script


def waits_when_told(folder, files):
    for status, words in ((429, "slow down"), (503, "not now")):
        script = script_of_two()
        moments = []

        def refuse(asked, status=status, words=words, moments=moments):
            if asked.path != "/api/v1/nodes":
                return None
            moments.append(time.monotonic())
            return (status, {"Retry-After": "2"}, {"message": words}) if len(moments) == 1 else None

        script.refuse = refuse
        _, reports, err = one_check(folder, files, script)
        expect(reports and nodes_told(reports[0]), f"{status} is tried again: {err}")
        expect(len(moments) == 2 and moments[1] - moments[0] >= 2.0,
               f"Retry-After of {status} is kept: {moments}")


def gives_up_in_words(folder, files):
    script = script_of_two()
    script.refuse = lambda asked: (500, {}, {"message": "etcd is on fire"}) if asked.path == "/apis" else None
    code, reports, err = one_check(folder, files, script)
    expect(code == 70 and not reports and "etcd is on fire" in err and "(500)" in err,
           f"what does not pass is an error in the server's words: {code} {err}")
    expect(script.count("/apis") == 5, f"five tries, not {script.count('/apis')}")


def renews_a_token(folder, files):
    file = pathlib.Path(folder, "token")
    file.write_text("old\n", encoding="utf-8")
    script = script_of_two()

    def refuse(asked):
        if asked.path == "/api/v1/nodes" and asked.token == "old":
            file.write_text("new\n", encoding="utf-8")
            return (401, {}, {"message": "Unauthorized"})
        return None

    script.refuse = refuse
    _, reports, err = one_check(folder, files, script, {"tokenFile": str(file)})
    expect(reports and nodes_told(reports[0]), f"a 401 reads the token file again: {err}")
    expect([one.token for one in script.seen][-1] == "new", "the new token is used")


def starts_an_expired_list_again(folder, files):
    script = script_of_two()
    pages = []

    def refuse(asked):
        if asked.path != "/api/v1/nodes":
            return None
        pages.append(asked.query.get("continue"))
        first = {"kind": "NodeList", "apiVersion": "v1",
                 "metadata": {"resourceVersion": "9", "continue": "next page"}, "items": [node("a")]}
        if len(pages) == 1:
            return (200, {}, first)
        return (410, {}, {"message": "expired"}) if len(pages) == 2 else None

    script.refuse = refuse
    _, reports, err = one_check(folder, files, script)
    expect(reports and "2 nodes" in "".join(nodes_told(reports[0])), f"410 lists again: {err}")
    expect(pages == [None, "next page", None], f"from its start: {pages}")


def trusts_a_changed_authority(folder, files):
    """The server gets a certificate of another authority while the watch runs, and the file says so."""
    other = certificates(folder, "other")
    trusted = pathlib.Path(folder, "trusted.crt")
    trusted.write_bytes(files[0].read_bytes())
    script = Script()
    script.lists["/api/v1/nodes"] = [node("a")]
    child, port = None, 0
    with served(script, files[1], files[2]) as port:
        path = config(folder, port, trusted, {"token": "t"})
        child = subprocess.Popen([PROGRAM, "check", "--kubeconfig", path, "-o", "json", "--watch", "40"],
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        child.stdout.readline()
    trusted.write_bytes(other[0].read_bytes())
    script.lists["/api/v1/nodes"] = [node("a"), node("b")]
    script.watch = lambda asked: [{"type": "ERROR", "object": {"kind": "Status", "code": 410}}] \
        if asked.query.get("resourceVersion") == "100" else []
    script.version = "200"
    seen = []
    reader = threading.Thread(target=lambda: seen.extend(json.loads(line) for line in child.stdout),
                              daemon=True)
    with served(script, other[1], other[2], port):
        reader.start()
        end = time.monotonic() + 35
        while time.monotonic() < end and not any("2 nodes" in "".join(nodes_told(r)) for r in seen):
            time.sleep(0.2)
        child.terminate()
        child.wait(timeout=20)
    reader.join(10)
    expect(any("2 nodes" in "".join(nodes_told(report)) for report in seen),
           "a watch goes on with a rotated authority, and lists again after 410")


def goes_through_a_proxy(folder, files):
    script = script_of_two()
    with served(script, files[1], files[2]) as port, proxied() as (proxy, asked):
        path = config(folder, port, files[0], {"token": "t"}, **{"proxy-url": f"http://127.0.0.1:{proxy}"})
        _, reports, err = check(path)
    expect(reports and nodes_told(reports[0]), f"a proxy leads to the server: {err}")
    expect(asked and set(asked) == {f"127.0.0.1:{port}"}, f"by CONNECT: {asked}")


def follows_events(folder, files):
    """Events that come in pieces, a bookmark that alone moves the version, a deletion."""
    script = Script()
    script.lists["/api/v1/nodes"] = [node("a")]
    versions = []

    def watch(asked):
        if asked.path != "/api/v1/nodes":
            return
        versions.append(asked.query["resourceVersion"])
        time.sleep(2)  # until what came before has been judged
        if len(versions) == 1:
            yield {"type": "ADDED", "object": node("b", "101")}
            yield {"type": "BOOKMARK", "object": {"kind": "Node", "metadata": {"resourceVersion": "150"}}}
        elif len(versions) == 2:
            yield {"type": "DELETED", "object": node("b", "160")}
            yield '{"type": "MODIFIED", "obj'

    script.watch = watch
    with served(script, files[1], files[2]) as port:
        _, reports, err = check(config(folder, port, files[0], {"token": "t"}), "--watch", "12")
    expect(versions[:3] == ["100", "150", "160"], f"each watch goes on where the last one was: {versions}")
    expect(reports and reports[-1]["stage"].startswith("check API server"), f"a report comes: {err}")
    expect(len(reports) > 1 and "2 nodes" in "".join(nodes_told(reports[-2])) and
           "2 nodes" not in "".join(nodes_told(reports[-1])), f"a node comes and goes: {len(reports)} reports")


def main():
    with tempfile.TemporaryDirectory() as folder:
        files = certificates(folder, "first")
        for scene in (waits_when_told, gives_up_in_words, renews_a_token, starts_an_expired_list_again,
                      goes_through_a_proxy, follows_events, trusts_a_changed_authority):
            before = len(complaints)
            scene(folder, files)
            if len(complaints) > before:
                complaints.append(f"  in {scene.__name__}")
    for complaint in complaints:
        print(complaint)
    sys.exit(1 if complaints else 0)


main()
