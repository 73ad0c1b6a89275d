"""The guests' first file system: busybox, the modules and a little of /etc. Everything else is the host's /usr,
read-only over 9p, so that any program of this machine and of the build tree runs in a guest."""
import os
import shutil
import struct
import subprocess

from kernel import MODULES, Missing, need

HERE = os.path.dirname(os.path.abspath(__file__))
FROM_HOST = ["ld.so.cache", "ld.so.conf", "ld.so.conf.d", "libibverbs.d", "alternatives"]
ETC = {
    "passwd": "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "group": "root:x:0:\nnogroup:x:65534:\n",
    "nsswitch.conf": "hosts: files\n",
    "hosts": "127.0.0.1 localhost\n10.9.0.1 node-1\n10.9.0.2 node-2\n",
}


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def has_interpreter(program):
    """True for a 64-bit ELF program that a dynamic linker starts: a program header of type PT_INTERP (3)."""
    with open(program, "rb") as file:
        image = file.read(8192)
    offset, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    return any(struct.unpack_from("<I", image, offset + i * size)[0] == 3 for i in range(count))


def add_busybox(root):
    program = shutil.which("busybox")
    if not program:
        raise Missing("no busybox (package busybox-static)")
    if has_interpreter(program):
        raise Missing("busybox is not statically linked (package busybox-static is)")
    os.makedirs(os.path.join(root, "bb"))
    shutil.copy(program, os.path.join(root, "bb", "busybox"))
    names = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.split()
    for name in names:
        if name != "busybox":
            os.symlink("busybox", os.path.join(root, "bb", name))


def add_etc(root):
    for name in FROM_HOST:
        source = os.path.join("/etc", name)
        if os.path.isdir(source):
            shutil.copytree(source, os.path.join(root, "etc", name), symlinks=True)
        elif os.path.exists(source):
            shutil.copy(source, os.path.join(root, "etc", name))
    for name, text in ETC.items():
        write(os.path.join(root, "etc", name), text)


def add_modules(root, kernel):
    base = os.path.join(root, "lib", "modules", kernel.version)
    source = os.path.join(kernel.tree, "lib", "modules", kernel.version)
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        if os.path.exists(os.path.join(source, name)):
            shutil.copy(os.path.join(source, name), os.path.join(base, name))
    for path in kernel.modules():
        target = os.path.join(base, path.split("/" + kernel.version + "/", 1)[1])
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if path.endswith(".xz"):
            with open(target.removesuffix(".xz"), "wb") as file:
                file.write(subprocess.run(["xz", "-dc", path], capture_output=True, check=True).stdout)
        else:
            shutil.copy(path, target)
    subprocess.run(["depmod", "-b", root, kernel.version], check=True, capture_output=True)


def prepare(folder, kernel):
    """The image in `folder`, made anew when the kernel or this recipe changed."""
    need("cpio")
    image, mark = os.path.join(folder, "initrd"), os.path.join(folder, "initrd.of")
    with open(os.path.join(HERE, "guest", "init"), encoding="ascii") as file:
        init = file.read()
    with open(__file__, encoding="ascii") as file:
        recipe = " ".join([kernel.version, *MODULES, init, file.read()])
    if os.path.exists(image) and os.path.exists(mark) and open(mark, encoding="ascii").read() == recipe:
        return image
    root = os.path.join(folder, "stage")
    shutil.rmtree(root, ignore_errors=True)
    for name in ("usr", "etc", "proc", "sys", "dev", "tmp", "run", "host", "root", "var/tmp", "lib/modules/" + kernel.version):
        os.makedirs(os.path.join(root, name))
    for link, target in {"bin": "usr/bin", "sbin": "usr/sbin", "lib64": "usr/lib64",
                         "lib/x86_64-linux-gnu": "/usr/lib/x86_64-linux-gnu"}.items():
        os.symlink(target, os.path.join(root, link))
    add_busybox(root)
    add_etc(root)
    add_modules(root, kernel)
    write(os.path.join(root, "init"), init)
    os.chmod(os.path.join(root, "init"), 0o755)
    names = subprocess.run(["find", ".", "-print0"], cwd=root, capture_output=True, check=True).stdout
    packed = subprocess.run(["cpio", "--null", "-o", "-H", "newc", "--quiet"], cwd=root, input=names, capture_output=True,
                            check=True).stdout
    with open(image, "wb") as file:
        file.write(packed)
    write(mark, recipe)
    shutil.rmtree(root)
    return image
