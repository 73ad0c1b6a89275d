#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "collectives/memory/communicator.hpp"

namespace plumbline::collectives {

/// Runs `work` once for every rank of the world, each in a thread of its own, and waits for all.
inline void on_all_ranks(const MemoryWorld& world, const std::function<void(Communicator&)>& work) {
  auto ends = in_memory_communicators(world);
  std::vector<std::thread> threads;
  for (auto& end : ends)
    threads.emplace_back([&work, &end] { work(*end); });
  for (std::thread& thread : threads)
    thread.join();
}

}  // namespace plumbline::collectives
