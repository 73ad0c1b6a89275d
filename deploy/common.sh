# Said once for the scripts of this repository; sourced, never run.
# shellcheck shell=bash

say() { printf '%s\n' "plumbline: $*" >&2; }

# Ends with the code of an internal error (70) and one line.
fail() {
    say "$*"
    exit 70
}

# Ends with the code of a usage error (64) and one line.
misuse() {
    say "$*"
    exit 64
}

# True where network namespaces can be made: as root, or by a user namespace.
can_raise_a_rack() {
    unshare --net --mount true 2>/dev/null </dev/null ||
        unshare --user --map-root-user --net --mount true 2>/dev/null </dev/null
}

# shellcheck disable=SC2034
rack_right_missing="the virtual rack needs root, or user namespaces for everybody \
(sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces > 0); this machine gives neither"
