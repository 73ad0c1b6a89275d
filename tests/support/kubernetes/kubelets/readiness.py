"""Readiness probes over the network; a container without one is ready when it runs."""

import http.client
import socket

LIMIT_S = 1.0


def _port(container, port):
    if isinstance(port, int):
        return port
    return next(one["containerPort"] for one in container.get("ports", []) if one["name"] == port)


def ready(container, address):
    """One look at the probe; exec probes are not played and hold."""
    probe = container.get("readinessProbe", {})
    try:
        if "tcpSocket" in probe:
            place = (address, _port(container, probe["tcpSocket"]["port"]))
            socket.create_connection(place, LIMIT_S).close()
        elif "httpGet" in probe:
            return _answers(container, probe["httpGet"], address)
    except OSError:
        return False
    return True


def _answers(container, asked, address):
    there = http.client.HTTPConnection(asked.get("host") or address,
                                       _port(container, asked["port"]), timeout=LIMIT_S)
    try:
        there.request("GET", asked.get("path", "/"))
        return 200 <= there.getresponse().status < 400
    except http.client.HTTPException:
        return False
    finally:
        there.close()
