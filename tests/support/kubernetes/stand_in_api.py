"""A small TLS server that answers like an API server, but as a test's script says: refusals, waits, broken lists and
watches, certificates and tokens that change. Loopback only."""

import contextlib
import http.server
import json
import pathlib
import socket
import ssl
import subprocess
import threading
import urllib.parse


def certificates(folder, name):
    """An authority of its own and a server certificate of it, for 127.0.0.1: (authority, certificate, key)."""
    folder = pathlib.Path(folder)
    ca, key = folder / f"{name}-ca.crt", folder / f"{name}-ca.key"
    run = lambda *words: subprocess.run(["openssl", *map(str, words)], check=True,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run("req", "-x509", *curve, "-keyout", key, "-out", ca, "-days", "2", "-subj", f"/CN={name}")
    mine, mine_key, request = folder / f"{name}.crt", folder / f"{name}.key", folder / f"{name}.csr"
    run("req", *curve, "-keyout", mine_key, "-out", request, "-subj", "/CN=server")
    extensions = folder / f"{name}.ext"
    extensions.write_text("subjectAltName=IP:127.0.0.1\n", encoding="utf-8")
    run("x509", "-req", "-in", request, "-CA", ca, "-CAkey", key, "-CAcreateserial", "-days", "2",
        "-extfile", extensions, "-out", mine)
    return ca, mine, mine_key


class Script:
    """What the server answers. `refuse` is asked first: (status, headers, body) or None. Counts requests by path."""

    def __init__(self):
        self.lists = {"/api/v1/nodes": [], "/api/v1/pods": []}
        self.refuse = lambda request: None
        self.watch = lambda request: []
        self.seen = []
        self.version = "100"

    def count(self, path):
        return sum(1 for one in self.seen if one.path == path)


class Asked:
    def __init__(self, handler):
        parts = urllib.parse.urlsplit(handler.path)
        self.path = parts.path
        self.query = dict(urllib.parse.parse_qsl(parts.query))
        self.token = (handler.headers.get("Authorization") or "").removeprefix("Bearer ")


def handler_of(script):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *words):
            pass

        def _answer(self, status, body, headers=()):
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in dict(headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self):
            asked = Asked(self)
            script.seen.append(asked)
            refusal = script.refuse(asked)
            if refusal is not None:
                self._answer(refusal[0], refusal[2], refusal[1])
            elif asked.path == "/apis":
                self._answer(200, {"kind": "APIGroupList", "groups": []})
            elif asked.path not in script.lists:
                self._answer(404, {"kind": "Status", "message": "not served"})
            elif asked.query.get("watch"):
                self._watch(asked)
            else:
                self._answer(200, {"kind": "List", "apiVersion": "v1",
                                   "metadata": {"resourceVersion": script.version},
                                   "items": script.lists[asked.path]})

        def _watch(self, asked):
            """Events in pieces of a few bytes, so that a line never comes whole; then the server ends it."""
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            with contextlib.suppress(OSError):
                for event in script.watch(asked):
                    text = event if isinstance(event, str) else json.dumps(event) + "\n"
                    data = text.encode()
                    for at in range(0, len(data), 37):
                        piece = data[at:at + 37]
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                        self.wfile.flush()
                self.wfile.write(b"0\r\n\r\n")

    return Handler


@contextlib.contextmanager
def served(script, certificate, key, port=0):
    """Serves the script over TLS until the block ends; gives the port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler_of(script))
    server.daemon_threads = True
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Connect(http.server.BaseHTTPRequestHandler):
    """An HTTP proxy's CONNECT, and nothing else."""

    def log_message(self, *words):
        pass

    def do_CONNECT(self):
        self.server.asked.append(self.path)
        host, _, port = self.path.partition(":")
        with socket.create_connection((host, int(port)), timeout=20) as far:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=self._pass, args=(far, self.connection), daemon=True)
            back.start()
            self._pass(self.connection, far)
            back.join(10)

    @staticmethod
    def _pass(source, to):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def proxied():
    """A proxy on loopback until the block ends; gives (port, what it was asked for)."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Connect)
    server.daemon_threads = True
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1], server.asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
