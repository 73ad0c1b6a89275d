"""The rack's own certificate authority. Roles are in the subject: OU=agent or OU=coordinator."""

import os

from . import layout
from .commands import run

DAYS = 7


def create(names):
    """Makes the CA, the coordinator's and every agent's certificate (EC P-256, keys 0600)."""
    os.makedirs(names.path("pki"), mode=0o700)
    _authority(names.path("pki"))
    _leaf(names.path("pki"), "coordinator", "coordinator", "DNS:control",
          layout.CONTROL_ADDRESS, names.path("pki"), "coordinator-")
    for node in layout.NODES:
        folder = names.node_path(node, "pki")
        os.makedirs(folder, mode=0o700)
        _leaf(names.path("pki"), node.name, "agent", f"DNS:{node.name}", node.management, folder)
        _copy(names.path("pki", "ca.pem"), os.path.join(folder, "ca.pem"))
    for left_over in ("ca-key.pem", "ca.srl"):
        _remove(names.path("pki", left_over))


def _authority(folder):
    _key(folder, "ca-key.pem")
    run(["openssl", "req", "-x509", "-new", "-key", "ca-key.pem", "-sha256", "-days", str(DAYS),
         "-subj", "/O=plumbline/OU=authority/CN=virtual rack",
         "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", "ca.pem"], cwd=folder)


def _key(folder, name):
    path = os.path.join(folder, name)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-out", path])
    os.chmod(path, 0o600)


def _leaf(authority, name, role, dns, address, folder, prefix=""):
    key, request = f"{prefix}key.pem", os.path.join(folder, "request.pem")
    certificate = os.path.join(folder, f"{prefix}cert.pem")
    _key(folder, key)
    run(["openssl", "req", "-new", "-key", os.path.join(folder, key), "-out", request,
         "-subj", f"/O=plumbline/OU={role}/CN={name}"])
    extensions = ("basicConstraints=critical,CA:FALSE\n"
                  "keyUsage=critical,digitalSignature\n"
                  "extendedKeyUsage=serverAuth,clientAuth\n"
                  f"subjectAltName={dns},IP:{address}\n")
    run(["openssl", "x509", "-req", "-in", request, "-CA", f"{authority}/ca.pem", "-CAkey",
         f"{authority}/ca-key.pem", "-CAcreateserial", "-sha256", "-days", str(DAYS),
         "-extfile", "/dev/stdin", "-out", certificate], text=extensions)
    os.remove(request)


def _copy(source, target):
    with open(source, "rb") as reader, open(target, "wb") as writer:
        writer.write(reader.read())


def _remove(path):
    if os.path.exists(path):
        os.remove(path)
