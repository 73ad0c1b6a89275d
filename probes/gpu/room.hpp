#pragma once

#include "core/files.hpp"
#include "core/result.hpp"
#include "core/units.hpp"
#include "probes/gpu/cases.hpp"

namespace plumbline::probes {

/// What a message of that size takes at each end: one message from 64 MiB on, else as many as fill
/// 64 MiB, at most GpuMachine::kMostRepeats of them, so that small copies do not hit the same
/// lines.
Bytes region_of(Bytes message);

/// What may be taken of a GPU: what is free, less a twentieth of all of it and at least 512 MiB.
Bytes gpu_room(Bytes free, Bytes all);

/// What may be pinned of the host's memory: a sixteenth of what is available, within what the
/// memory cgroup of this process still gives. `root` is "/" or a fixture.
Result<Bytes> host_room(const FileTree& root);

/// What a case takes at a place with its message as `message`: all regions of its streams there.
Bytes needed_at(const GpuCase& one, const GpuPlace& place, Bytes message);

/// The size that fills a link, 256 MiB, or the largest power of two below whose regions, `regions`
/// of them in one place, fit into `room`; zero when not even 4 KiB does.
Bytes default_message(Bytes room, std::uint64_t regions);

}  // namespace plumbline::probes
