#!/usr/bin/env python3
"""The bundle, the kubelets' answers, the CNI results and the devices say the same."""

import json

import support
from support import RackCase, read

RACK_LABEL = "fabric.topograph.run/tier-0"


def bundle(directory, kind):
    return read(directory / "bundle" / f"{kind}.json")["items"]


def named(items):
    return {item["metadata"]["name"]: item for item in items}


def given_by_claims(directory):
    """(pod, device) -> node, as the allocated claims say."""
    pods = {pod["spec"]["resourceClaims"][0]["resourceClaimName"]: pod
            for pod in bundle(directory, "pods")}
    return {(pods[claim["metadata"]["name"]]["metadata"]["name"], result["device"]): result["pool"]
            for claim in bundle(directory, "resourceclaims")
            for result in claim["status"]["allocation"]["devices"]["results"]}


def given_by_kubelets(directory):
    return {(pod["name"], given["device_name"]): given["pool_name"]
            for n in range(1, 7)
            for pod in read(directory / f"nodes/node-{n}/podresources.json")["pod_resources"]
            for claim in pod["containers"][0]["dynamic_resources"]
            for given in claim["claim_resources"]}


class Word(RackCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.directory = cls.up("r", "--no-agents")

    def devices(self, place):
        said = self.on(self.directory, place, "ip", "-j", "address")
        return {link["ifname"]: link for link in json.loads(said)}

    def assert_slices_true(self):
        for one in bundle(self.directory, "resourceslices"):
            node = one["spec"]["nodeName"]
            there = self.devices(node)
            if node == "node-6":
                there |= {"ens3": self.devices("tenant/loader-0")["ens3"]}
            self.assertEqual({d["name"] for d in one["spec"]["devices"]},
                             set(there) - {"lo", "mgmt0"})
            for device in one["spec"]["devices"]:
                said = {key.partition("/")[2]: next(iter(value.values()))
                        for key, value in device["attributes"].items()}
                link = there[said["ifName"]]
                address = link["addr_info"][0]
                self.assertEqual((said["mac"], said["mtu"], said["ipv4"]),
                                 (link["address"], link["mtu"],
                                  f"{address['local']}/{address['prefixlen']}"))

    def test_slices_publish_what_is_there(self):
        self.assert_slices_true()

    def test_kubelets_answer_what_the_claims_say(self):
        claims = given_by_claims(self.directory)
        self.assertEqual(len(claims), 13)
        self.assertEqual(claims, given_by_kubelets(self.directory))

    def test_the_gang_is_in_one_rack_and_every_reference_holds(self):
        nodes = named(bundle(self.directory, "nodes"))
        pods = named(bundle(self.directory, "pods"))
        group = bundle(self.directory, "podgroups")[0]
        key = group["spec"]["schedulingConstraints"]["topology"][0]["key"]
        gang = [pod for pod in pods.values() if pod["spec"].get("schedulingGroup")]
        self.assertEqual(len(gang), group["spec"]["schedulingPolicy"]["gang"]["minCount"])
        racks = {nodes[pod["spec"]["nodeName"]]["metadata"]["labels"][key] for pod in gang}
        self.assertEqual((key, racks), (RACK_LABEL, {"rack-1"}))
        for claim in bundle(self.directory, "resourceclaims"):
            owner = claim["status"]["reservedFor"][0]
            self.assertEqual(owner["uid"], pods[owner["name"]]["metadata"]["uid"])

    def test_the_cni_result_leads_into_the_tenants_pod(self):
        folder = self.directory / "nodes/node-6/cni/results"
        (file,) = folder.iterdir()
        result = read(file)
        self.assertTrue(file.name.endswith(f"{result['containerId']}-ens3"))
        sandbox = result["result"]["interfaces"][0]["sandbox"]
        inode = self.on(self.directory, "node-6", "stat", "-Lc", "%i", sandbox)
        mine = self.on(self.directory, "tenant/loader-0", "stat", "-Lc", "%i", "/proc/self/ns/net")
        self.assertEqual(inode, mine)

    def test_certificates_carry_their_role_and_keys_are_private(self):
        for place, role, host in (("pki/coordinator-cert.pem", "coordinator", "control"),
                                  ("nodes/node-3/pki/cert.pem", "agent", "node-3")):
            text = support.subprocess.run(
                ["openssl", "x509", "-noout", "-subject", "-ext", "subjectAltName", "-in",
                 self.directory / place], capture_output=True, text=True).stdout
            self.assertIn(f"OU = {role}", text)
            self.assertIn(f"DNS:{host}", text)
            verified = support.subprocess.run(
                ["openssl", "verify", "-CAfile", self.directory / "pki/ca.pem",
                 self.directory / place], capture_output=True)
            self.assertEqual(verified.returncode, 0)
        keys = list(self.directory.rglob("*key.pem"))
        self.assertEqual(len(keys), 7)
        self.assertEqual({key.stat().st_mode & 0o777 for key in keys}, {0o600})

    def test_the_stage_file_names_what_is_there(self):
        text = (self.directory / "stage.yaml").read_text()
        for line in ("schema: plumbline.stage/v1", "certificate: pki/coordinator-cert.pem",
                     "{node: node-6, address: \"10.70.0.16:7443\"}", "claims: {bundle: bundle}"):
            self.assertIn(line, text)


if __name__ == "__main__":
    support.main()
