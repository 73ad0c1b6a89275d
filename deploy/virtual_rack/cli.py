"""The command line of deploy/rack."""

import argparse
import json
import os
import sys

from . import files, layout, namespaces, sandbox, signals
from .errors import INTERNAL, Interrupted, RackError, UsageError
from .state import Lock, State

EXAMPLE = """examples:
  deploy/rack up                              raise the rack: six nodes, agents, the cluster's word
  deploy/rack exec node-1 -- ping -c1 10.70.1.12
  deploy/rack fault slow-nic --node node-3    make one NIC slow; `heal` makes it whole again
  deploy/rack fault --list                    every kind of fault
  deploy/rack down                            leave nothing behind
"""


class Parser(argparse.ArgumentParser):
    """Usage errors are one line and exit code 64."""

    def error(self, message):
        raise UsageError(f"{message} (try --help)")


def parser():
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--dir", help="the rack's directory; another one is another rack "
                        "(default: ${XDG_RUNTIME_DIR:-/tmp}/plumbline-rack)")
    common.add_argument("--build", help="build folder with the programs in bin/ "
                        "(default: build/release of this checkout)")
    top = Parser(prog="deploy/rack", parents=[common], epilog=EXAMPLE,
                 description="A virtual rack of network namespaces on this machine.",
                 formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    add = lambda name, text: commands.add_parser(name, parents=[common], help=text,
                                                 description=text)
    up = add("up", "raise the rack")
    up.add_argument("--no-agents", action="store_true", help="raise it without agents")
    up.add_argument("--gpus", metavar="[NODE=]FILE", action="append", default=[],
                    help="NODE (node-1 when it is left out) plays the GPUs that FILE describes "
                    "(docs/gpu-facts.md); may be given for each node")
    up.add_argument("--rank", metavar="PROGRAM", help="what the agents start as a rank of a collective over GPUs "
                    "(default: plumbline-rank of the build)")
    up.add_argument("--rate", metavar="RAIL=MBIT", action="append", default=[],
                    help="the rate of every NIC of this rail, and what the stage file declares of it (default 200)")
    up.add_argument("--unshaped", action="store_true", help="no rate on any link")
    add("down", "take the rack down; nothing is left")
    status = add("status", "show nodes, links, agents and active faults")
    status.add_argument("-o", dest="output", choices=("table", "json"), default="table")
    _fault_options(add("fault", "inject one fault"))
    add("heal", "heal one kind of fault, or all").add_argument("kind", nargs="?")
    run = add("exec", "run a command on a node: exec NODE -- COMMAND...")
    run.add_argument("host", metavar="NODE")
    return top


def _fault_options(fault):
    fault.add_argument("kind", nargs="?")
    fault.add_argument("--list", action="store_true", help="print every kind of fault")
    for name in ("node", "rail", "rack", "what"):
        fault.add_argument(f"--{name}", default=None)
    fault.add_argument("--rate", type=_positive, default=None, help="Mb/s")
    fault.add_argument("--percent", type=_positive, default=None, help="share of lost packets")


def _positive(text):
    value = float(text)
    if not 0 < value <= 100000:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return int(value) if value == int(value) else value


def main(arguments, script):
    """Runs one command and returns its exit code."""
    internal = _internal(arguments)
    if internal is not None:
        return internal
    try:
        signals.catch()
        options, command = _split(arguments)
        return _dispatch(parser().parse_args(options), command, script)
    except RackError as error:
        print(f"deploy/rack: {error}", file=sys.stderr)
        return error.code
    except OSError as error:
        print(f"deploy/rack: {error}", file=sys.stderr)
        return INTERNAL
    except Interrupted as interrupt:
        return 128 + interrupt.signal_number


def _internal(arguments):
    """The rack's own background processes, which it starts with its own script."""
    from . import watchers
    if arguments[:1] == ["flap-link"]:
        watchers.flap_link(arguments[1])
        return 0
    if arguments[:1] == ["stop-probes"]:
        watchers.stop_probes(int(arguments[1]), arguments[2])
        return 0
    return None


def _split(arguments):
    """What stands after the first `--` is the command to run on a node."""
    if "--" not in arguments:
        return arguments, None
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1:]


def _dispatch(options, command, script):
    actions = {"up": _up, "down": _down, "status": _status, "fault": _fault, "heal": _heal}
    if options.command is None:
        raise UsageError("a command is needed: up, down, status, fault, heal, exec (try --help)")
    if command is not None and options.command != "exec":
        raise UsageError(f"{options.command} takes no command after --")
    names = layout.Names.of(getattr(options, "dir", None) or _default_directory())
    if options.command == "exec":
        return _exec(options, command, names)
    return actions[options.command](options, names, script)


def _default_directory():
    return os.path.join(os.environ.get("XDG_RUNTIME_DIR") or "/tmp", "plumbline-rack")


def _build_folder(options, script):
    given = getattr(options, "build", None)
    root = os.path.dirname(os.path.dirname(script))
    return os.path.realpath(given or os.path.join(root, "build", "release"))


def _up(options, names, script):
    try:
        with Lock(names.directory, make=True):
            _raise(options, names, script)
    except BaseException:
        signals.ignore()
        files.remove_if_empty(names)
        raise
    return 0


def _raise(options, names, script):
    """Ends with a rack that is up and signals ignored, or with no rack and an exception."""
    from .rack import Rack
    if State.load(names) is not None:
        raise RackError(f"a rack is already up in {names.directory} "
                        "(deploy/rack down takes it down)")
    _check_entries(names)
    state = State.new(names, _build_folder(options, script), not options.unshaped)
    state.values["gpus"] = _described_gpus(options.gpus)
    state.values["rates"] = _rates(options)
    state.values["rank"] = _program(options.rank)
    rack = Rack(names, state, script)
    try:
        rack.raise_all(not options.no_agents)
        _say_missing(rack, options)
        print(f"rack is up: {len(layout.NODES)} nodes, stage file {names.path('stage.yaml')}")
        signals.ignore()
    except BaseException:
        signals.ignore()
        rack.take_down()
        raise


def _program(word):
    """The whole path of a program, or None."""
    if word and not os.access(word, os.X_OK):
        raise UsageError(f"--rank {word}: there is no such program")
    return os.path.abspath(word) if word else None


def _rates(options):
    """Mb/s of the NICs by rail."""
    rates = {}
    for text in options.rate:
        rail, _, mbit = text.partition("=")
        if layout.rail_named(rail) is None:
            raise UsageError(f"--rate {text}: {', '.join(one.name for one in layout.RAILS)}, as in rail-b=60")
        if options.unshaped:
            raise UsageError(f"--rate {text}: a rack without rates (--unshaped) has none")
        try:
            rates[rail] = _positive(mbit)
        except (ValueError, argparse.ArgumentTypeError):
            raise UsageError(f"--rate {text}: {mbit or 'nothing'} is no rate in Mb/s") from None
    return rates


def _described_gpus(words):
    """File by node's name."""
    files_by_node = {}
    for text in words:
        node, equal, path = text.partition("=")
        if not equal:
            node, path = layout.NODES[0].name, text
        if layout.node_named(node) is None:
            raise UsageError(f"--gpus {text}: there is no {node}")
        if not os.path.isfile(path):
            raise UsageError(f"--gpus {text}: there is no file {path}")
        files_by_node[node] = os.path.abspath(path)
    return files_by_node


def _check_entries(names):
    taken = [entry for entry in files.OWN_ENTRIES if os.path.lexists(names.path(entry))]
    if taken:
        raise RackError(f"{names.directory} holds {taken[0]}, which is not of a rack")


def _say_missing(rack, options):
    wanted = ["stand-in-kubelet"] + ([] if options.no_agents else ["plumbline"])
    missing = [name for name in wanted if not rack.binary(name)]
    if missing:
        folder = os.path.join(rack.state.values["build"], "bin")
        print(f"deploy/rack: not started, not found in {folder}: {', '.join(missing)}",
              file=sys.stderr)


def _down(_options, names, script):
    from .rack import Rack
    with Lock(names.directory, make=False):
        signals.ignore()
        state = State.load(names)
        if state is None and not _left_over(names):
            print(f"no rack in {names.directory}")
            return 0
        state = state or State.new(names, "", True)
        Rack(names, state, script).take_down()
    print("rack is down")
    return 0


def _left_over(names):
    """Namespaces of a rack whose directory was removed by hand."""
    return os.geteuid() == 0 and bool(namespaces.present(names.prefix))


def _status(options, names, script):
    from . import status
    from .rack import Rack
    value = status.read(Rack.load(names, script))
    print(json.dumps(value, indent=2) if options.output == "json" else status.table(value))
    return 0


def _fault(options, names, script):
    from . import faults
    if options.list:
        width = max(map(len, faults.FAULTS))
        for fault in faults.FAULTS.values():
            takes = " ".join(f"--{key} {value}" for key, value in fault.defaults.items())
            print(f"{fault.kind:<{width}}  {fault.summary}; {takes}")
        return 0
    if options.kind is None:
        raise UsageError(f"which fault? {', '.join(faults.FAULTS)}")
    given = {name: getattr(options, name) for name in
             ("node", "rail", "rack", "what", "rate", "percent")
             if getattr(options, name) is not None}
    faults.resolve(faults.known(options.kind), given)  # a bad name is told without a rack too
    return _change(names, script, lambda rack: "injected " + _text(
        options.kind, faults.inject(rack, options.kind, given)))


def _heal(options, names, script):
    from . import faults
    if options.kind is not None:
        faults.known(options.kind)

    def act(rack):
        healed = faults.heal(rack, options.kind)
        return "\n".join("healed " + _text(one["kind"], one["parameters"]) for one in healed) \
            or "nothing to heal"
    return _change(names, script, act)


def _text(kind, parameters):
    return " ".join([kind] + [f"{key}={value}" for key, value in parameters.items()])


def _change(names, script, act):
    from .rack import Rack
    with Lock(names.directory, make=False), signals.put_off():
        said = act(Rack.load(names, script))
    print(said)
    return 0


def _exec(options, command, names):
    if not command:
        raise UsageError("exec NODE -- COMMAND...")
    space, host = _place(options.host, names)
    state = State.load(names)
    if state is None:
        raise RackError(f"no rack is up in {names.directory} (deploy/rack up raises one)")
    if state.values["holder"]:
        sandbox.enter(state.values["holder"])
    namespaces.become(names.namespace(space), host, names.path("hosts"))
    signals.default()
    try:
        os.execvp(command[0], command)
    except FileNotFoundError:
        print(f"deploy/rack: {command[0]}: not found", file=sys.stderr)
        return 127


def _place(host, names):
    """The namespace and host name of a node, `control`, `fabric` or the tenant's pod."""
    pod = f"{layout.TENANT_NAMESPACE}/{layout.STORAGE_POD}"
    places = {node.name: (node.name, node.name) for node in layout.NODES}
    places |= {"control": ("control", "control"), "fabric": ("fabric", "fabric"),
               pod: ("pod-" + layout.STORAGE_POD, layout.STORAGE_POD)}
    if host not in places:
        raise UsageError(f"no node is called '{host}': {', '.join(places)}")
    return places[host]
