"""Becomes one container: `container.py SPEC` enters the node's network, builds a root of its own and runs the command.

SPEC is a JSON file: netns, hostname, hosts, root (an empty folder), programs (folder with the build's programs), mounts
[{source, target, read_only}], read_only_root, command, environment, directory, user, group, capabilities (names, or null
for all), no_new_privileges, device_nodes (paths below /dev that stand for devices, each of them /dev/null in truth). The first process (this one) stays outside, passes SIGTERM on and ends as the command does;
with it the command and all its children are killed, since they live in a process namespace of their own."""

import ctypes
import json
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "deploy"))

from virtual_rack import kernel  # noqa: E402  (the path must be set first)

CLONE_NEWIPC, CLONE_NEWPID = 0x08000000, 0x20000000
MS_REMOUNT = 32
PR_SET_PDEATHSIG = 1
KILLED = 128
libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def bind(source, target, read_only=False):
    kernel.mount(source, target, None, kernel.MS_BIND | kernel.MS_REC)
    if read_only:
        kernel.mount(None, target, None, kernel.MS_BIND | MS_REMOUNT | kernel.MS_RDONLY)


def place(root, target, source):
    """Makes what a mount needs to lie on: a folder or an empty file."""
    path = pathlib.Path(root + target)
    if path.exists():
        return str(path)
    if pathlib.Path(source).is_dir():
        path.mkdir(parents=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return str(path)


def build_dev(folder, stand_ins):
    """What a container runtime leaves of /dev, and nodes in the place of devices that a plugin gave."""
    kernel.mount("tmpfs", folder, "tmpfs", kernel.MS_NOSUID)
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        if os.path.exists(f"/dev/{name}"):
            bind(f"/dev/{name}", place(folder, f"/{name}", f"/dev/{name}"))
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"),
                         ("stdout", "/proc/self/fd/1"), ("stderr", "/proc/self/fd/2")):
        os.symlink(target, f"{folder}/{name}")
    os.mkdir(f"{folder}/shm")
    for path in stand_ins:
        bind("/dev/null", place(folder, path.removeprefix("/dev"), "/dev/null"))


def show(root, path):
    """The machine's own file or folder, read-only, under the same name."""
    if path.is_symlink():
        os.symlink(os.readlink(path), f"{root}{path}")
    elif path.is_dir() or path.is_file():
        bind(str(path), place(root, str(path), path), read_only=True)


def build_root(spec):
    """A root of the machine's /usr and /etc, read-only, and nothing else of its disk."""
    root = spec["root"]
    kernel.mount("tmpfs", root, "tmpfs", kernel.MS_NOSUID)
    for name in ("usr", "bin", "sbin", "lib", "lib64", "lib32", "etc"):
        path = pathlib.Path("/", name)
        if name == "etc" and any(mount["target"].startswith("/etc/") for mount in spec["mounts"]):
            os.mkdir(f"{root}/etc")
            for entry in path.iterdir():  # each by itself, so that there is room beside them
                show(root, entry)
        else:
            show(root, path)
    for name in ("tmp", "var", "run", "home", "root", "proc", "sys", "dev"):
        os.mkdir(f"{root}/{name}")
    os.chmod(f"{root}/tmp", 0o1777)
    bind(spec["hosts"], f"{root}/etc/hosts")
    build_dev(root + "/dev", spec.get("device_nodes", []))
    careful = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    kernel.mount("proc", f"{root}/proc", "proc", careful)
    kernel.mount("sysfs", f"{root}/sys", "sysfs", careful | kernel.MS_RDONLY)
    kernel.mount("tmpfs", f"{root}/dev/shm", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV)
    bind(spec["programs"], f"{root}/usr/local/bin", read_only=True)


def mount_volumes(spec):
    for mount in spec["mounts"]:
        source = mount["source"]
        if source == "/sys" or source.startswith("/sys/"):
            source = spec["root"] + source  # the one that shows the node's own network
        bind(source, place(spec["root"], mount["target"], source), mount["read_only"])
    if spec["read_only_root"]:
        kernel.mount(None, spec["root"], None, kernel.MS_BIND | MS_REMOUNT | kernel.MS_RDONLY)


def command(spec):
    """setpriv gives up what the pod does not have, as the last step."""
    words = ["setpriv", "--pdeathsig", "KILL"]
    if spec["user"] or spec["group"]:
        groups = ",".join(map(str, spec["groups"])) if spec["groups"] else ""
        words += ["--reuid", str(spec["user"]), "--regid", str(spec["group"])]
        words += ["--groups", groups] if groups else ["--clear-groups"]
    if spec["capabilities"] is not None:
        kept = ",".join("+" + name.lower() for name in spec["capabilities"])
        words += ["--bounding-set", "-all" + ("," + kept if kept else ""), "--inh-caps", "-all"]
    if spec["no_new_privileges"]:
        words.append("--no-new-privs")
    return words + ["--"] + spec["command"]


def become(spec):
    """The first process of the container."""
    die_with_parent()
    kernel.mount(None, "/", None, kernel.MS_PRIVATE | kernel.MS_REC)
    build_root(spec)
    mount_volumes(spec)
    os.chroot(spec["root"])
    os.chdir(spec["directory"])
    os.umask(0o022)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    words = command(spec)
    os.execve("/usr/bin/setpriv", words, spec["environment"])


def first(spec):
    try:
        become(spec)
    except OSError as error:
        print(f"container: {error}", file=sys.stderr, flush=True)
        os._exit(KILLED)


def main(path):
    die_with_parent()
    spec = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    kernel.enter(spec["netns"], kernel.CLONE_NEWNET)
    kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWIPC)
    libc.sethostname(spec["hostname"].encode(), len(spec["hostname"]))
    child = os.fork()
    if child == 0:
        first(spec)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        sys.exit(KILLED + os.WTERMSIG(status))
    sys.exit(os.WEXITSTATUS(status))


main(sys.argv[1])
