"""What the API server asks of a node (its port 10250) and of the cluster (a webhook), over TLS."""

import http.server
import json
import re
import socket
import ssl
import threading
import urllib.parse

from virtual_rack import kernel

KUBELET_PORT = 10250
LOGS = re.compile(r"/containerLogs/([^/]+)/([^/]+)/([^/?]+)")


def listening(address, port, netns=None):
    """A socket that listens in that network namespace; a thread enters it and stays behind."""
    made = []

    def make():
        if netns:
            kernel.enter(netns, kernel.CLONE_NEWNET)
        made.append(socket.create_server((address, port), backlog=16))
    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    return made[0]


def serve(listener, pki, handler):
    """Serves for ever, in threads of its own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{pki}/kubelets.crt", f"{pki}/kubelets.key")
    server = http.server.ThreadingHTTPServer(listener.getsockname(), handler, False)
    server.daemon_threads = True
    server.socket.close()
    server.socket = context.wrap_socket(listener, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()


class Quiet(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, code, content, kind="application/json"):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def kubelet_handler(node, logs):
    """/containerLogs, /configz and /healthz of one node; `logs(namespace, pod, container)` is bytes
    or None."""
    class Handler(Quiet):
        def do_GET(self):
            parsed = urllib.parse.urlparse(self.path)
            wanted = LOGS.fullmatch(parsed.path)
            if wanted:
                self._logs(wanted, urllib.parse.parse_qs(parsed.query))
            elif parsed.path == "/configz":
                config = node.told.get("configz", {})
                self.answer(200, json.dumps({"kubeletconfig": config}).encode())
            elif parsed.path == "/healthz":
                self.answer(200, b"ok", "text/plain")
            else:
                self.answer(404, b"404 page not found\n", "text/plain")

        def _logs(self, wanted, query):
            text = logs(*wanted.groups())
            if text is None:
                self.answer(404, b"no such container\n", "text/plain")
                return
            if "tailLines" in query:
                lines = text.splitlines(keepends=True)
                text = b"".join(lines[-int(query["tailLines"][0]):])
            self.answer(200, text, "text/plain")
    return Handler
