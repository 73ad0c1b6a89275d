"""Plays the controllers of JobSet, MPIJob (v2beta1) and TrainJob: `controllers SERVER PKI`.

Each makes of its kind what the real one makes (Jobs, pods, Services, ConfigMaps, Secrets, by the names, labels, host names
and owners that its documentation tells), follows what becomes of them, and tells it in the kind's status. What they make is
run and collected by who does that for every Job and pod. A kind that is not served is waited for."""

import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "kubelets"))

from api import Api  # noqa: E402  (the path must be set first)
from container_death import die_with_parent  # noqa: E402
from job_set import JobSets  # noqa: E402
from mpi_job import MpiJobs  # noqa: E402
from train_job import TrainJobs  # noqa: E402


def main(server, pki):
    die_with_parent()
    for kind in (JobSets, MpiJobs, TrainJobs):
        kind(Api(server, pki)).start()
    print("the controllers play", flush=True)
    while True:
        signal.pause()


main(*sys.argv[1:])
