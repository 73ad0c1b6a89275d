"""Agents on two guests, a pair and whole stages over RDMA rails: what is measured by what and proven by which counters; and
what the stage says when packets take another wire, when a node lacks what RDMA needs, and when a link goes away."""
import json
import os
import subprocess

from guests import text_of

STAGE = """schema: plumbline.stage/v1
name: virtual-machines
agents:
  - {{node: node-1, address: "10.9.0.1:7443"}}
  - {{node: node-2, address: "10.9.0.2:7443"}}
tls: {{ca: ca.pem, certificate: coordinator-cert.pem, key: coordinator-key.pem}}
claims: {{bundle: bundle}}
fabric:
  rack_label: fabric.topograph.run/tier-0
  rails:
{rails}
measure: {{width: 0.05, pair_budget: 4s, batch: 200ms, message_sizes: [16KiB], both_ways: false, latency: false, node_probes: false}}
deadline: 3m
"""
RAIL = "    - {{name: rail-{letter}, subnet: 10.70.{number}.0/24, nic_rate: 20Mb/s, uplink_rate: 20Mb/s}}"
RATE = 20e6 / 8 * 4096 / (4096 + 66)  # what netem leaves of 20 Mb/s, as in pair_scene.py
ACCUSING = ("violation", "drift", "degraded")


def openssl(folder, *words, text=None):
    subprocess.run(["openssl", *words], cwd=folder, input=text, text=True, capture_output=True, check=True)


def make_certificates(folder):
    key = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out"]
    openssl(folder, *key, "ca-key.pem")
    openssl(folder, "req", "-x509", "-new", "-key", "ca-key.pem", "-sha256", "-days", "2", "-subj",
            "/O=plumbline/OU=authority/CN=guests", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", "ca.pem")
    for name, role, address in (("coordinator", "coordinator", "10.9.0.1"), ("node-1", "agent", "10.9.0.1"),
                                ("node-2", "agent", "10.9.0.2")):
        openssl(folder, *key, f"{name}-key.pem")
        openssl(folder, "req", "-new", "-key", f"{name}-key.pem", "-out", "request.pem", "-subj", f"/O=plumbline/OU={role}/CN={name}")
        openssl(folder, "x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-sha256",
                "-days", "2", "-extfile", "/dev/stdin", "-out", f"{name}-cert.pem",
                text="basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
                     f"extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=DNS:{name},IP:{address}\n")


def write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="ascii") as file:
        file.write(text)


def make_claims(folder):
    """Two nodes of one rack, and nobody else on them."""
    os.makedirs(os.path.join(folder, "bundle"))
    nodes = [{"apiVersion": "v1", "kind": "Node",
              "metadata": {"name": name, "uid": f"uid-{name}", "resourceVersion": "1",
                           "labels": {"kubernetes.io/hostname": name, "fabric.topograph.run/tier-0": "rack-1"}},
              "spec": {}, "status": {"allocatable": {"cpu": "2"}}} for name in ("node-1", "node-2")]
    for name, items in (("nodes", nodes), ("pods", []), ("resourceslices", []), ("resourceclaims", []), ("podgroups", [])):
        write(folder, f"bundle/{name}.json",
              json.dumps({"apiVersion": "v1", "kind": "List", "items": items, "metadata": {"resourceVersion": "1"}}))
    write(folder, "kubelet.json", json.dumps({"pod_resources": [], "allocatable": {"devices": []}}))
    rails = [RAIL.format(letter=letter, number=number) for letter, number in (("a", 1), ("b", 2))]
    write(folder, "stage.yaml", STAGE.format(rails="\n".join(rails)))
    write(folder, "rail-a.yaml", STAGE.format(rails=rails[0]).replace("pair_budget: 4s", "pair_budget: 2s"))
    write(folder, "rail-b.yaml", STAGE.format(rails=rails[1]).replace("pair_budget: 4s", "pair_budget: 6s"))
    told = "\n".join(line for line in STAGE.format(rails="").splitlines() if "rails:" not in line)
    write(folder, "told.yaml", told.replace("pair_budget: 4s", "pair_budget: 3s"))


def run(bed, programs):
    share = bed.share
    def with_files(name, job, settings):
        folder = share(name, job, settings)
        make_certificates(folder)
        make_claims(folder)
        return folder
    bed.share = with_files
    return bed.run_pair("stage", "stage.sh", {"BIN": programs}, 330, memory=768)


def report(share, name):
    return json.loads(text_of(share, f"{name}/report.json"))


def numbers(document):
    return [outcome for outcome in document["outcomes"] if outcome["probe"] == "pair_goodput"]


def transports(outcome):
    return " ".join(sign["statement"] for sign in outcome.get("proof", []) if sign["kind"] == "library")


def found(document, rule):
    return [finding for finding in document["findings"] if finding["rule"] == rule]


def accused(document):
    return {(finding["rule"], finding["subject"]["name"]): finding["message"] for finding in document["findings"]
            if finding["verdict"] in ACCUSING}


def is_proven(outcome):
    signs = outcome.get("proof", [])
    counters = [sign for sign in signs if sign["kind"] == "counter"]
    return len(counters) >= 6 and all(sign["holds"] for sign in signs)


def check_pair(share, expect):
    pair = json.loads(text_of(share, "pair.json"))
    told = pair["outcomes"] if isinstance(pair, dict) else pair
    said = [outcome.get("reason", "") for outcome in told if outcome["status"] != "measured"]
    rails = {outcome["from"]["rail"] for outcome in told}
    expect(f"plumbline pair: each way and both, and each way by UCX, on a rail that nobody declared {said}",
           len(told) >= 5 and not said and rails == {"subnet-10.70.1.0/24"})
    by_rdma = [outcome for outcome in told if " rc_" in transports(outcome) and is_proven(outcome)]
    expect("all of it over RDMA, proven by the counters of both ends", len(by_rdma) == len(told))
    second = [outcome for outcome in told if outcome["parameters"].get("library") == "ucx"]
    words = {transports(outcome) for outcome in second}
    expect(f"by UCX over the same device: {words}", len(second) == 2 and all("rc_verbs/rxe1:1" in line for line in words))
    opinions = [(finding["verdict"], finding["message"]) for finding in pair.get("findings", [])]
    expect(f"and UCX agrees with verbs: {opinions}", [verdict for verdict, _ in opinions] == ["match", "match"])


def check_healthy(share, expect):
    healthy = report(share, "healthy")
    said = [outcome.get("reason", f"{outcome.get('value', 0) / 1e6:.3f} MB/s") for outcome in numbers(healthy)]
    expect(f"healthy: four numbers, all measured: {said}",
           len(said) == 4 and all(outcome["status"] == "measured" for outcome in numbers(healthy)))
    expect("by RDMA on both rails", all(" rc_write/rxe" in transports(outcome) for outcome in numbers(healthy)))
    expect("proven by the counters of both ends", all(is_proven(outcome) for outcome in numbers(healthy)))
    expect("near what netem leaves", all(abs(outcome.get("value", 0) - RATE) < 0.1 * RATE for outcome in numbers(healthy)))
    expect(f"nothing healthy is accused: {accused(healthy)}", not accused(healthy))
    rails = found(healthy, "rails")
    expect(f"both rails at once give what each gives by itself: {[finding['message'] for finding in rails]}",
           len(rails) == 1 and rails[0]["verdict"] == "match")
    matches = found(healthy, "X16")
    expect("X16 matches on both rails", len(matches) == 2 and all(finding["verdict"] == "match" for finding in matches))


def check_lossy(share, expect):
    lossy = report(share, "lossy")
    said = {finding["subject"]["name"]: finding["message"] for finding in lossy["findings"] if finding["verdict"] in ACCUSING}
    expect(f"lost packets on rail-b: the path is told, and nothing but its ends is accused: {said}",
           said and all("ens2" in name for name in said))
    counted = {name for outcome in numbers(lossy) for name, value in outcome.get("counters", {}).items() if value}
    expect(f"the ports' error counters stand beside the numbers: {sorted(counted)}", any("seq" in name or "retry" in name for name in counted))
    expect("the stage fails", lossy["verdict"] == "fail")


def check_stray(share, expect):
    stray = report(share, "stray")
    said = accused(stray)
    expect(f"packets on another wire: X16 says that they did not take the claimed port: {said}",
           "did not take the claimed port" in said.pop(("X16", "node-1/ens1"), ""))
    expect(f"the MTU that is not the rail's is node-2's: {said}", list(said) == [("rail_mtu", "node-2/ens1")])
    expect("the stage fails", stray["verdict"] == "fail")


def check_broken(share, expect):
    broken = report(share, "broken")
    said = accused(broken)
    fallback = said.pop(("X16", "node-2/ens1"), "")
    expect(f"the silent fallback on rail-a is node-2's, with what is missing: {fallback}",
           "TCP is used in place of RDMA" in fallback and "uverbs" in fallback)
    used = {transports(outcome) for outcome in numbers(broken) if outcome["from"]["rail"] == "rail-a"}
    expect(f"rail-a by TCP: {used}", used and all("tcp/ens1" in words for words in used))
    blamed = {subject for _, subject in said}
    expect(f"the link that went away is node-2's, and nothing else is accused: {said}", blamed == {"node-2/ens2"})
    expect("the stage fails", broken["verdict"] == "fail")


def check(share, expect):
    check_pair(share, expect)
    check_healthy(share, expect)
    check_lossy(share, expect)
    check_stray(share, expect)
    check_broken(share, expect)
