#!/usr/bin/bash
# A process as a container often is: 64 KiB of locked memory and no right to more.
ulimit -l 64
exec setpriv --bounding-set=-ipc_lock --inh-caps=-ipc_lock "$@"
