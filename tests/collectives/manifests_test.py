#!/usr/bin/env python3
"""What deploy/ launches collectives with is rendered, and the real program understands every command in it.

    manifests_test.py BUILD

Each folder of deploy/kubernetes/collectives by `kubectl kustomize` (77 without it, after the other checks): kinds and
versions, as many ranks as the stage file has agents, their addresses, their names, no privilege. Each container's words
are given to plumbline with `--help` behind them, which reads them all first; each stage file is read. The Slurm
script runs against a stand-in srun that prints its words.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUMBLINE = pathlib.Path(sys.argv[1]).resolve() / "bin" / "plumbline"
FOLDER = ROOT / "deploy" / "kubernetes" / "collectives"
KINDS = {
    "indexed-job": ["batch/v1 Job", "batch/v1 Job"],
    "jobset": ["jobset.x-k8s.io/v1alpha2 JobSet"],
    "trainjob": ["trainer.kubeflow.org/v1alpha1 TrainingRuntime", "trainer.kubeflow.org/v1alpha1 TrainJob"],
    "mpijob": ["kubeflow.org/v2beta1 MPIJob"],
}
complaints = []


def check(holds, what):
    if not holds:
        complaints.append(str(what))


def run(*words, **more):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
                          **more)


def words_of(text):
    """The words of each `args:` of a rendered manifest, as kubectl writes lists: one a line."""
    lists, now, indent = [], None, 0
    for line in text.splitlines():
        if now is not None and re.match(rf" {{{indent}}}- ", line):
            now.append(line.strip()[2:].strip("\"'"))
            continue
        now = None
        if line.strip() == "args:" or line.strip() == "- args:":
            now, indent = [], len(line) - len(line.lstrip(" -"))
            lists.append(now)
    return lists


def check_words(name, words):
    """The parser reads every word before it shows the help; one that it does not know is named."""
    given = [re.sub(r"\$\(\w+\)", "1", word).replace("--listen=1:7443", "--listen=127.0.0.1:7443") for word in words]
    done = run(PLUMBLINE, *given, "--no-such-flag")
    rest = done.stdout.replace("--no-such-flag", "")
    check(done.returncode == 64 and "--" not in rest.split("(see")[0].replace("-- ", ""), f"{name}: {given}: {done.stdout}")


def check_stage(name, ranks):
    with tempfile.TemporaryDirectory(prefix="plm-") as folder:
        copy = pathlib.Path(folder, "stage.yaml")
        shutil.copy(FOLDER / name / "stage.yaml", copy)
        done = run(PLUMBLINE, "collective", "all_reduce", "--agents", copy)
        check("ca.crt" in done.stdout, f"{name}: the stage file is not read up to its certificates: {done.stdout}")
    agents = re.findall(r"\{node: (node-\d+), address: \"([\w.-]+):7443\"\}",
                        (FOLDER / name / "stage.yaml").read_text())
    check([node for node, _ in agents] == [f"node-{rank}" for rank in range(ranks)], f"{name}: {agents}")
    middle = "" if name == "indexed-job" else "node-0-"
    for rank, (_, address) in enumerate(agents):
        check(address == f"plumbline-collective-{middle}{rank}.plumbline-collective", f"{name}: {address}")


def check_folder(name):
    made = run("kubectl", "kustomize", FOLDER / name)
    check(made.returncode == 0, f"{name}: {made.stdout}")
    kinds = []
    for document in made.stdout.split("\n---\n"):
        found = dict(re.findall(r"^(apiVersion|kind): (\S+)$", document, re.M))
        kinds.append(f"{found.get('apiVersion')} {found.get('kind')}")
    for kind in KINDS[name]:
        check(kind in kinds, f"{name}: no {kind} among {kinds}")
    for word in ("privileged: true", "nodes/proxy", "hostNetwork", "hostPID"):
        check(word not in made.stdout, f"{name} has {word}")
    check("activeDeadlineSeconds" in made.stdout, f"{name} has no deadline")
    lists = words_of(made.stdout)
    check(lists, f"{name}: no words of containers were found")
    for words in lists:
        check_words(name, words)
    if name != "mpijob":
        check("namespace: plumbline" in made.stdout, f"{name}: no namespace")
        check_stage(name, 2)
        check(made.stdout.count("completions: 2") >= 1, f"{name}: not as many ranks as agents")


def check_slurm():
    with tempfile.TemporaryDirectory(prefix="plm-") as folder:
        bin_folder = pathlib.Path(folder)
        for name, text in (("srun", 'printf "%s\\n" "$@" >"$(dirname "$0")/words"; env >"$(dirname "$0")/env"'),
                           ("scontrol", "printf 'n1\\nn2\\n'")):
            (bin_folder / name).write_text(f"#!/bin/sh\n{text}\n")
            (bin_folder / name).chmod(0o755)
        environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "SLURM_JOB_NODELIST": "n[1-2]"}
        done = run(ROOT / "deploy" / "slurm" / "collective.sbatch", PLUMBLINE, env=environment)
        words = (bin_folder / "words").read_text().splitlines() if (bin_folder / "words").exists() else []
        for word in ("--mpi=pmix", "--ntasks=2", "--ntasks-per-node=1", "--nodelist=n1,n2"):
            check(word in words, f"slurm: no {word} in {words}: {done.stdout}")
        check(words and words[-1].startswith('{"probe":"all_reduce"') or '"all_reduce"' in (words or [""])[-1],
              f"slurm: the request is not the last word: {words[-1:]}")
        check(done.returncode == 2 and "# error:" in done.stdout, f"slurm: {done.returncode} {done.stdout[-500:]}")


def main():
    check_slurm()
    told = run("kubectl", "version", "--client").stdout if shutil.which("kubectl") else ""
    rendered = "Kustomize Version" in told
    for name in KINDS if rendered else ():
        check_folder(name)
    if complaints:
        sys.exit("\n".join(complaints))
    if not rendered:
        print("skipped: there is no kubectl with kustomize 4")
        sys.exit(77)


if __name__ == "__main__":
    main()
