#!/usr/bin/env python3
"""Each connection to PORT is a PROGRAM of its own, with the connection as its input and output.

serve_probe.py PORT PROGRAM
"""
import os
import signal
import socket
import sys


def main():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.create_server(("", int(sys.argv[1]))) as server:
        while True:
            connection, _ = server.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                os.dup2(connection.fileno(), 0)
                os.dup2(connection.fileno(), 1)
                os.closerange(3, 64)
                os.execv(sys.argv[2], sys.argv[2:])
            connection.close()


if __name__ == "__main__":
    main()
