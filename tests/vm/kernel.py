"""Debian's own kernel, unpacked and never installed: vmlinux and the modules that the guests load.

The distribution's generic kernel has rdma_rxe; the cloud flavour and most kernels of hosts have not."""
import glob
import os
import shutil
import struct
import subprocess

META = "linux-image-amd64"
MODULES = """virtio_pci virtio_net 9pnet_virtio 9p rdma_rxe ib_uverbs rdma_ucm ib_umad dummy e1000e nvme
crc32_generic crc32c_generic libcrc32c sch_netem sch_tbf sch_prio cls_u32 sch_ingress cls_flower act_mirred act_skbedit""".split()
FOLDERS = """drivers/infiniband/core drivers/infiniband/sw drivers/virtio drivers/net/ethernet/intel/e1000e drivers/nvme
drivers/ptp drivers/pps block crypto arch/x86/crypto lib fs/9p fs/netfs fs/fscache net/9p net/core net/ipv4 net/ipv6
net/sched fs/configfs""".split()
FILES = ["drivers/net/virtio_net*", "drivers/net/*failover*", "drivers/net/dummy*", "drivers/net/mdio*", "net/core/*failover*"]
UNPACK = {b"\xfd7zX": ["xz", "-dc"], b"\x28\xb5\x2f\xfd": ["zstd", "-dc"], b"\x1f\x8b\x08\x00": ["gzip", "-dc"]}


class Missing(Exception):
    """Something is not there that the guests need: a reason to skip."""


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Missing(f"no {program} on this machine (deploy/packages/debian-12.txt names its package)")


def package():
    text = subprocess.run(["apt-cache", "depends", META], capture_output=True, text=True, check=False).stdout
    for line in text.splitlines():
        name = line.strip().removeprefix("Depends: ")
        if name.startswith("linux-image-") and name[len("linux-image-")].isdigit():
            return name
    raise Missing(f"apt knows no kernel behind {META}: run apt-get update")


def fetch(name, folder):
    """The package's file; downloaded by apt when it is not there yet."""
    found = glob.glob(os.path.join(folder, name + "_*.deb"))
    if found:
        return found[-1]
    os.makedirs(folder, exist_ok=True)
    done = subprocess.run(["apt-get", "download", name], cwd=folder, capture_output=True, text=True, check=False)
    found = glob.glob(os.path.join(folder, name + "_*.deb"))
    if done.returncode or not found:
        words = done.stderr.strip().splitlines() or ["no reason given"]
        raise Missing(f"apt-get download {name}: {words[-1]}")
    return found[-1]


def unpack(deb, folder):
    """Only the image and the modules' folders."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    wanted = ["./boot/vmlinuz-*", "*/modules.*"]
    wanted += [f"*/kernel/{name}/*" for name in FOLDERS] + [f"*/kernel/{name}" for name in FILES]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as source:
        subprocess.run(["tar", "x", "-C", folder, "--wildcards", *wanted], stdin=source.stdout,
                       stderr=subprocess.DEVNULL, check=False)
    if not os.path.isdir(os.path.join(folder, "lib")):
        os.symlink("usr/lib", os.path.join(folder, "lib"))


def plain_image(bzimage, target):
    """vmlinux out of the bzImage: entered over PVH, which saves the slow unpacking when the CPU is emulated. The
    numbers are those of Documentation/x86/boot.rst: setup_sects, payload_offset, payload_length."""
    with open(bzimage, "rb") as file:
        image = file.read()
    sectors = image[497]
    offset, length = struct.unpack_from("<II", image, 584)
    start = (sectors + 1) * 512 + offset
    payload = image[start:start + length - 4]  # the size of what comes out stands behind it
    command = UNPACK.get(payload[:4])
    if command:
        need(command[0])
        payload = subprocess.run(command, input=payload, capture_output=True, check=True).stdout
    with open(target + ".part", "wb") as file:
        file.write(payload if command else image)
    os.rename(target + ".part", target)


class Kernel:
    def __init__(self, image, tree, version):
        self.image, self.tree, self.version = image, tree, version

    def modules(self):
        """Paths of the modules that the guests load, in the order in which they can be loaded."""
        found = []
        for module in MODULES:
            text = subprocess.run(["modprobe", "-d", self.tree, "-S", self.version, "--show-depends", module],
                                  capture_output=True, text=True, check=False).stdout
            for line in text.splitlines():
                if line.startswith("insmod ") and line.split()[1] not in found:
                    found.append(line.split()[1])
        return found


def prepare(folder):
    """The kernel in `folder`, made when it is not there yet or apt has another one."""
    need("apt-cache", "apt-get", "dpkg-deb", "tar", "depmod", "modprobe")
    name = package()
    tree, image, mark = (os.path.join(folder, part) for part in ("tree", "vmlinux", "package"))
    if not (os.path.exists(image) and os.path.exists(mark) and open(mark, encoding="ascii").read() == name):
        unpack(fetch(name, os.path.join(folder, "deb")), tree)
        plain_image(glob.glob(os.path.join(tree, "boot", "vmlinuz-*"))[0], image)
        version = os.listdir(os.path.join(tree, "lib", "modules"))[0]
        subprocess.run(["depmod", "-b", tree, version], check=True, capture_output=True)
        with open(mark, "w", encoding="ascii") as file:
            file.write(name)
    return Kernel(image, tree, os.listdir(os.path.join(tree, "lib", "modules"))[0])
