"""Described GPUs for the tests beside this file: machines, what can be wrong with them, and who is then named."""

import pathlib

MACHINES = pathlib.Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "gpus"
ACCUSING = ("violation", "drift", "degraded")
GPU_RULES = ("gpu", "gpu_path", "X03", "X04", "X05", "X06", "X17", "X19", "X20", "X21")

SWITCHED = ("8xh100-nvswitch", "4xgb200-tray")
PEERS = SWITCHED + ("8xa100-pcie",)
ALL = PEERS + ("2xt4-vm", "h100-mig")


class Fault:
    """What is wrong, on which machines, and what must be found: rule, verdict, parts of the culprit's name."""

    def __init__(self, line, machines, rule, verdict, culprit):
        self.line, self.machines = line, machines
        self.rule, self.verdict, self.culprit = rule, verdict, culprit


# In every machine GPU 1 is a whole one: GPU 0 of the machine with MIG is cut.
FAULTS = {
    "slow pair": Fault("{kind: slow_pair, from: 2, to: 3, rate: 9GB/s}", PEERS,
                       "gpu_path", "degraded", ("0002 -> GPU-", "0003")),
    "corrupting pair": Fault("{kind: corrupting_pair, from: 1, to: 3, byte: 7}", PEERS,
                             "gpu_path", "violation", ("0001 -> GPU-", "0003")),
    "uncounted pair": Fault("{kind: uncounted_pair, from: 0, to: 2}", SWITCHED,
                            "gpu_path", "violation", ("0000 -> GPU-", "0002")),
    "down NVLink": Fault("{kind: nvlink_down, gpu: 1, value: 4}", SWITCHED + ("h100-mig",),
                         "gpu", "degraded", ("0001/link 4",)),
    "PCIe x8": Fault("{kind: pcie_width, gpu: 1, value: 8}", ALL, "gpu", "degraded", ("0001",)),
    "slow PCIe slot": Fault("{kind: pcie_generation, gpu: 1, value: 2}", ALL, "gpu", "degraded", ("0001",)),
    "lost GPU": Fault("{kind: lost_gpu, gpu: 1}", ALL, "X20", "violation", ("0000:15:00.0",)),
    "unhealthy fabric": Fault("{kind: unhealthy_fabric, gpu: 1}", SWITCHED, "gpu", "degraded", ("0001",)),
    "hanging copy": Fault("{kind: hanging_copy, from: 0, to: 1}", ("4xgb200-tray",),
                          "gpu_path", "violation", ("0000 -> GPU-", "0001")),
}


def description(machine, *faults):
    text = (MACHINES / f"{machine}.yaml").read_text(encoding="utf-8")
    return text + (f"faults: [{', '.join(faults)}]\n" if faults else "")


def accusations(findings, node=None):
    """Findings that say that a GPU or a path of one is at fault, the worst first."""
    return [one for one in findings if one["verdict"] in ACCUSING and one["rule"] in GPU_RULES
            and node in (None, one["subject"].get("node"))]


def wrongly_told(fault, accused):
    """Why these accusations are not the one that the fault asks for; None when they are."""
    if not accused:
        return "nothing was found"
    first = accused[0]
    if (first["rule"], first["verdict"]) != (fault.rule, fault.verdict):
        return f"{first['rule']} {first['verdict']}: {first['message']}"
    if not all(part in first["subject"]["name"] for part in fault.culprit):
        return f"the culprit is {first['subject']['name']}"
    for other in accused[1:]:
        if not any(part in other["subject"]["name"] for part in fault.culprit):
            return f"accused too: {other['rule']} {other['subject']['name']}"
    return None
