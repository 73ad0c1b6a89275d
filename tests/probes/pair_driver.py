#!/usr/bin/env python3
"""Stands in for the two agents and the coordinator of a pair: starts two plumbline-probe programs, carries
their rendezvous, and prints rank 0's outcomes as JSON lines.

    pair_driver.py PROBE --from NODE/DEVICE[=COMMAND...] --to NODE/DEVICE[=COMMAND...] [--measure WORDS]
                   [--name pair|gpu_pair] [--option NAME=VALUE]... [--sizes BYTES] [--batch S] [--width W] [--time S]
                   [--limit S] [--hurt SIGNAL@SECONDS]

COMMAND is what the probe is started by, e.g. "ip netns exec a". --hurt sends rank 1 a signal so long after the
first rendezvous. The exit status is 0 when rank 0 ended well.
"""
import argparse
import json
import os
import selectors
import signal
import subprocess
import sys
import time


def parse_end(text):
    end, _, command = text.partition("=")
    node, _, device = end.partition("/")
    return {"node": node, "device": device, "rail": "rail-a"}, command.split()


def request_of(options, ends, rank):
    return {
        "schema": "plumbline.request/v1", "probe": options.name, "rank": rank, "size": 2, "ends": ends,
        "sizes": [int(size) for size in options.sizes.split(",")], "measure": [word for word in options.measure.split(",") if word],
        "seed": options.seed, "limit_s": options.limit,
        "options": dict(options.option),
        "budget": {"width": options.width, "time_s": options.time, "bytes": 64 << 30, "batch_s": options.batch},
    }


def start(probe, command, request):
    child = subprocess.Popen(command + [probe], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child.stdin.write((json.dumps(request) + "\n").encode())
    child.stdin.flush()
    return child


class Driver:
    def __init__(self, children, hurt):
        self.children, self.hurt = children, hurt
        self.posts, self.buffers = {}, [b"", b""]
        self.met = None

    def line(self, rank, event):
        if event["event"] == "post":
            self.met = self.met or time.monotonic()
            posts = self.posts.setdefault(event["sequence"], {})
            posts[rank] = event["bytes"]
            if len(posts) == len(self.children):
                self.deliver(event["sequence"], [posts[0], posts[1]])
        elif event["event"] == "outcome" and rank == 0:
            print(json.dumps(event["outcome"]), flush=True)

    def deliver(self, sequence, everybody):
        answer = json.dumps({"event": "gathered", "sequence": sequence, "bytes": everybody}) + "\n"
        for child in self.children:
            try:
                child.stdin.write(answer.encode())
                child.stdin.flush()
            except BrokenPipeError:
                pass

    def harm(self):
        if self.hurt and self.met and time.monotonic() > self.met + self.hurt[1]:
            os.kill(descendant(self.children[1].pid), self.hurt[0])
            self.hurt = None

    def run(self):
        poll = selectors.DefaultSelector()
        for rank, child in enumerate(self.children):
            poll.register(child.stdout, selectors.EVENT_READ, rank)
        while poll.get_map() and self.children[0].poll() is None or self.pending(poll):
            self.harm()
            for key, _ in poll.select(0.05):
                rank = key.data
                data = os.read(key.fileobj.fileno(), 1 << 16)
                if not data:
                    poll.unregister(key.fileobj)
                    continue
                *lines, self.buffers[rank] = (self.buffers[rank] + data).split(b"\n")
                for text in lines:
                    self.line(rank, json.loads(text))
        return self.children[0].wait()

    def pending(self, poll):
        return self.children[0].stdout in [key.fileobj for key in poll.get_map().values()]


def descendant(pid):
    """The probe itself: `ip netns exec` replaces itself by it, other commands may not."""
    while True:
        try:
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
                below = file.read().split()
        except OSError:
            return pid
        if not below:
            return pid
        pid = int(below[0])


def end(child, patience):
    """Lets a probe leave by itself, then by the end of its input, then not at all."""
    try:
        child.wait(patience)
        return
    except subprocess.TimeoutExpired:
        os.kill(descendant(child.pid), signal.SIGCONT)
        child.stdin.close()
    try:
        child.wait(3)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def parse_hurt(text):
    name, _, after = text.partition("@")
    return getattr(signal, "SIG" + name), float(after)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("probe")
    parser.add_argument("--from", dest="source", type=parse_end, required=True)
    parser.add_argument("--to", type=parse_end, required=True)
    parser.add_argument("--name", default="pair", help="the probe: pair or gpu_pair")
    parser.add_argument("--measure", default="one_way,reverse,both_ways,latency")
    parser.add_argument("--sizes", default="1048576")
    parser.add_argument("--batch", type=float, default=0.2)
    parser.add_argument("--width", type=float, default=0.01)
    parser.add_argument("--time", type=float, default=8)
    parser.add_argument("--limit", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hurt", type=parse_hurt)
    parser.add_argument("--option", action="append", default=[], type=lambda text: text.split("=", 1), help="KEY=VALUE of the request")
    options = parser.parse_args()
    ends = [options.source[0], options.to[0]]
    commands = [options.source[1], options.to[1]]
    children = [start(options.probe, commands[rank], request_of(options, ends, rank)) for rank in (0, 1)]
    try:
        return Driver(children, options.hurt).run()
    finally:
        for child in children:
            end(child, patience=0.2 if options.hurt else 2)


if __name__ == "__main__":
    sys.exit(main())
