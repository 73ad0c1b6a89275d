#!/usr/bin/env python3
"""`plumbline check --kubeconfig` against a real API server: the same findings as from files; client certificate,
token, rotated token file, exec plugin; RBAC; paging; a server that restarts."""

import json
import threading

from cluster import cluster, complaints, conclude, expect, plumbline

ROOT = "resource.kubernetes.io/pcieRoot"
def fill(api):
    """Two nodes, three DRA kinds as CRDs, an aligned claim and one that can never be met."""
    for plural, kind, namespaced in (("resourceslices", "ResourceSlice", False),
                                     ("resourceclaims", "ResourceClaim", True),
                                     ("deviceclasses", "DeviceClass", False)):
        api.define("resource.k8s.io", "v1", kind, plural, namespaced)
    dra = "/apis/resource.k8s.io/v1/"
    for node in ("n1", "n2"):
        api.create("/api/v1/nodes", {"metadata": {"name": node, "labels": {"example.com/rack": "r1"}}})
        for driver, device in (("gpu.nvidia.com", "gpu"), ("dra.net", "nic")):
            api.create(dra + "resourceslices", {
                "apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice",
                "metadata": {"name": f"{node}-{driver}"},
                "spec": {"driver": driver, "nodeName": node,
                         "pool": {"name": node, "generation": 1, "resourceSliceCount": 1},
                         "devices": [
                             {"name": f"{device}-{index}",
                              "attributes": {ROOT: {"string": f"pci0000:{index}0"}}}
                             for index in range(2)]}})
    for name, driver in (("gpu.nvidia.com", "gpu.nvidia.com"), ("dranet", "dra.net")):
        api.create(dra + "deviceclasses", {
            "apiVersion": "resource.k8s.io/v1", "kind": "DeviceClass", "metadata": {"name": name},
            "spec": {"selectors": [{"cel": {"expression": f'device.driver == "{driver}"'}}]}})
    for name, nics in (("aligned", 1), ("never", 2)):
        api.create(dra + "namespaces/default/resourceclaims", {
            "apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim",
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"devices": {
                "requests": [
                    {"name": "gpu", "exactly": {"deviceClassName": "gpu.nvidia.com", "count": 1}},
                    {"name": "nic", "exactly": {"deviceClassName": "dranet", "count": nics}}],
                "constraints": [{"requests": ["gpu", "nic"], "matchAttribute": ROOT}]}}})
    api.put_status(dra + "namespaces/default/resourceclaims/aligned", {"allocation": {
        "devices": {"results": [
            {"request": "gpu", "driver": "gpu.nvidia.com", "pool": "n1", "device": "gpu-0"},
            {"request": "nic", "driver": "dra.net", "pool": "n1", "device": "nic-0"}]},
        "nodeSelector": {"nodeSelectorTerms": [{"matchFields": [
            {"key": "metadata.name", "operator": "In", "values": ["n1"]}]}]}}})


def findings(config, *more):
    code, out, err = plumbline("check", "--kubeconfig", config, "-o", "json", *more)
    if not out:
        complaints.append(f"{config.name}: exit {code}: {err}")
        return code, []
    return code, json.loads(out)["findings"]


def told(found, rule, verdict, words):
    return any(f["rule"] == rule and f["verdict"] == verdict and words in f["message"]
               for f in found)


def judges_live(api):
    code, found = findings(api.kubeconfig)
    expect(code == 1, f"a claim that can never hold fails the check, not {code}")
    expect(told(found, "X01", "match", "default/aligned"), "the aligned claim matches")
    expect(told(found, "X01", "violation", "default/never"), "the impossible claim is told")
    return found


def knows_rights(api):
    everything = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]}]
    token = api.account("reader", everything)
    _, found = findings(api.config("token", {"token": token}))
    expect(told(found, "X01", "match", "default/aligned"), "a token is as good as a certificate")
    some = [{"apiGroups": [""], "resources": ["nodes", "pods"], "verbs": ["list"]},
            {"apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims"], "verbs": ["list"]}]
    _, found = findings(api.config("some", {"token": api.account("some", some)}))
    said = [e["value"] for f in found if f["rule"] == "claims" for e in f["evidence"]]
    expect(any("right to list resourceslices in API group resource.k8s.io is missing" in line and
               "X01" in line and "forbidden" in line for line in said),
           f"a missing right names verb, resource and lost checks: {said}")
    code, out, err = plumbline("check", "--kubeconfig", api.config("none", {"token": "wrong"}))
    expect(code == 70 and "401" in err and not out, f"a bad token is an error: {code} {err}")
    expect("wrong" not in err, "a token is never printed")
    return token


def renews_credentials(api, token):
    file = api.run / "token"
    file.write_text(token + "\n", encoding="utf-8")
    _, found = findings(api.config("file", {"tokenFile": "token"}))
    expect(told(found, "X01", "match", "default/aligned"), "a token file is read")
    answer = api.run / "credential.json"
    answer.write_text(json.dumps({
        "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",
        "status": {"token": token}}), encoding="utf-8")
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "cat",
                     "args": [str(answer)]}}
    _, found = findings(api.config("exec", user))
    expect(told(found, "X01", "match", "default/aligned"), "an exec plugin gives the token")
    user["exec"]["command"] = "false"
    code, _, err = plumbline("check", "--kubeconfig", api.config("broken", user))
    expect(code != 0 and "credential plugin false" in err, f"a plugin that fails is named: {err}")


def knows_names(api, token):
    named = {"server": api.server.replace("127.0.0.1", "localhost"), "tls-server-name": "api.test"}
    _, found = findings(api.config("named", {"token": token}, named))
    expect(told(found, "X01", "match", "default/aligned"), "tls-server-name is used")
    wrong = {"tls-server-name": "other.test"}
    code, _, err = plumbline("check", "--kubeconfig", api.config("misnamed", {"token": token}, wrong))
    expect(code == 70 and "certificate" in err, f"a wrong name is refused: {err}")


def reads_pages(api):
    for number in range(620):
        api.create("/api/v1/nodes", {"metadata": {"name": f"m{number:04}",
                                                  "labels": {"nvidia.com/gpu.clique":
                                                             "00000000-0000-0000-0000-000000000000.1"}}})
    _, found = findings(api.kubeconfig)
    expect(told(found, "X11", "violation", "620 nodes"), "more than one page is read")


def outlives_restart(api, before):
    stop = threading.Thread(target=api.restart)
    stop.start()
    _, found = findings(api.kubeconfig)
    stop.join()
    if found:
        expect(told(found, "X01", "match", "default/aligned"), "a restart costs nothing but time")
    complaints[:] = [c for c in complaints if "Connection refused" not in c and "connect to" not in c]
    _, found = findings(api.kubeconfig)
    expect(len(found) >= len(before), "after the restart all is read again")


def main():
    with cluster() as api:
        fill(api)
        before = judges_live(api)
        token = knows_rights(api)
        renews_credentials(api, token)
        knows_names(api, token)
        reads_pages(api)
        outlives_restart(api, before)
    conclude()


main()
