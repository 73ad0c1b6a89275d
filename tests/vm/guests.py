"""One or two QEMU guests that run a job together: no network of the host is touched, the wires between them are
unix sockets."""
import os
import shutil
import subprocess
import time

import image
import kernel
from kernel import Missing, need

HERE = os.path.dirname(os.path.abspath(__file__))
ARGUMENTS = "console=ttyS0 quiet panic=-1 mitigations=off nokaslr cryptomgr.notests random.trust_cpu=on"
WIRES = 3  # management and two rails
# x86-64-v2 without PCLMULQDQ: emulated, rxe's check sums are twice as fast by table.
EMULATED = ["-accel", "tcg,thread=multi", "-cpu", "Nehalem"]
VIRTUAL = ["-accel", "kvm", "-cpu", "host"]
KVM_PATIENCE = 8  # seconds to the first word of a guest; emulated it takes 4 to 8


class Bed:
    """Kernel, image and accelerator, kept in `folder` from run to run."""

    def __init__(self, folder, tree, say=print):
        need("qemu-system-x86_64")
        os.makedirs(folder, exist_ok=True)
        self.folder, self.tree, self.say = folder, tree, say
        self.kernel = kernel.prepare(folder)
        self.initrd = image.prepare(folder, self.kernel)
        self.accelerator = self.choose_accelerator()

    def choose_accelerator(self):
        """KVM when a guest really comes up under it: a nested KVM may open and then not run a kernel."""
        mark = os.path.join(self.folder, "accelerator")
        if os.path.exists(mark):
            with open(mark, encoding="ascii") as file:
                return VIRTUAL if file.read() == "kvm" else EMULATED
        works = os.access("/dev/kvm", os.R_OK | os.W_OK) and self.comes_up(VIRTUAL)
        with open(mark, "w", encoding="ascii") as file:
            file.write("kvm" if works else "tcg")
        return VIRTUAL if works else EMULATED

    def comes_up(self, accelerator):
        share = os.path.join(self.folder, "try")
        os.makedirs(share, exist_ok=True)
        serial = os.path.join(share, "serial.1")
        guest = subprocess.Popen(self.command(1, share, 384, accelerator, ["-M", "q35", "-smp", "1", "-nic", "none"]),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + KVM_PATIENCE
        while time.monotonic() < end and guest.poll() is None:
            if os.path.exists(serial) and "guest 1 started" in open(serial, encoding="ascii", errors="replace").read():
                break
            time.sleep(0.1)
        else:
            guest.kill()
            guest.wait()
            return False
        guest.kill()
        guest.wait()
        return True

    def command(self, guest, share, memory, accelerator, extra):
        words = ["qemu-system-x86_64", "-nodefaults", "-no-reboot", "-display", "none", "-serial",
                 f"file:{share}/serial.{guest}", *accelerator, "-m", str(memory), "-kernel", self.kernel.image,
                 "-initrd", self.initrd, "-append", f"{ARGUMENTS} guest.id={guest} guest.tree={self.tree}"]
        for tag, path, only in (("usr", "/usr", True), ("host", share, False), ("tree", self.tree, True)):
            words += ["-virtfs", f"local,path={path},mount_tag={tag},security_model=none,multidevs=remap,id={tag}"
                                 + (",readonly=on" if only else "")]
        return words + extra

    def share(self, name, job, settings):
        """The folder that the host and the guests share, with the job in it."""
        share = os.path.join(self.folder, name)
        shutil.rmtree(share, ignore_errors=True)
        os.makedirs(share)
        for part in os.listdir(os.path.join(HERE, "guest")):
            shutil.copy(os.path.join(HERE, "guest", part), share)
        with open(os.path.join(share, "job.sh"), "w", encoding="ascii") as file:
            for key, value in settings.items():
                file.write(f"export {key}='{value}'\n")
            file.write(f". /host/words.sh\n. /host/{job}\n")
        return share

    def run_pair(self, name, job, settings, limit, memory=512):
        """Two guests joined by wires; the folder with what they wrote."""
        share = self.share(name, job, settings)
        commands = []
        for guest in (1, 2):
            wires = []
            for wire in range(WIRES):
                wires += ["-netdev", f"dgram,id=n{wire},local.type=unix,local.path={share}/wire.{wire}.{guest},"
                                     f"remote.type=unix,remote.path={share}/wire.{wire}.{3 - guest}",
                          "-device", f"virtio-net-pci,netdev=n{wire},host_mtu=9000,mac=52:54:00:00:0{wire}:0{guest}"]
            extra = ["-M", "q35", "-smp", "2", *wires]
            commands.append(self.command(guest, share, memory, self.accelerator, extra))
        self.play(commands, share, limit)
        return share

    def run_one(self, name, job, settings, limit, machine, memory=768):
        """One guest on a machine of its own kind."""
        share = self.share(name, job, settings)
        self.play([self.command(1, share, memory, self.accelerator, machine)], share, limit)
        return share

    def play(self, commands, share, limit):
        guests = []
        try:
            for index, command in enumerate(commands, 1):
                with open(f"{share}/qemu.{index}", "w", encoding="ascii") as log:
                    guests.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
            end = time.monotonic() + limit * float(os.environ.get("PLUMBLINE_VM_PATIENCE", "1"))
            for guest in guests:
                try:
                    guest.wait(max(0.1, end - time.monotonic()))
                except subprocess.TimeoutExpired:
                    self.say(f"a guest is not done after {limit} s")
        finally:
            for guest in guests:
                if guest.poll() is None:
                    guest.kill()
                guest.wait()


def text_of(share, name):
    try:
        with open(os.path.join(share, name), encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


__all__ = ["Bed", "Missing", "text_of"]
