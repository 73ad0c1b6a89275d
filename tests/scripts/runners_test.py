#!/usr/bin/env python3
"""What other runners are given (Sonobuoy's plugin, AICR's catalog, the Jobs) starts plumbline with options that it has."""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ["PLUMBLINE_BIN"], "plumbline")
FILES = ("deploy/sonobuoy/plumbline.yaml", "deploy/aicr/catalog.yaml",
         "deploy/kubernetes/overlays/check-job/job.yaml",
         "deploy/kubernetes/overlays/stage-job/job.yaml",
         "deploy/helm/plumbline/templates/check-job.yaml",
         "deploy/helm/plumbline/templates/stage-job.yaml")


def complaints_of(name):
    lines = re.findall(r"^\s*args: \[(.*)\]$", (ROOT / name).read_text(), re.MULTILINE)
    if not lines:
        yield f"{name} gives plumbline no arguments"
    for line in lines:
        command, *words = [word.strip() for word in line.split(",")]
        told = subprocess.run([PROGRAM, command, "--help"], capture_output=True, text=True, timeout=60,
                              check=False).stdout
        for option in (word for word in words if word.startswith("-")):
            if not re.search(rf"(^|[\s,]){re.escape(option)}([\s,]|$)", told, re.MULTILINE):
                yield f"{name}: plumbline {command} has no option {option}"


complaints = [one for name in FILES for one in complaints_of(name)]
for complaint in complaints:
    print(complaint)
sys.exit(1 if complaints else 0)
