#pragma once

#include <dlfcn.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "collectives/nccl/profiler/tables.hpp"

namespace abi = plumbline::collectives::abi;

/// What a communicator of the stub tells the library that NCCL_PROFILER_PLUGIN names, as NCCL 2.27
/// does: a ring in SIMPLE, and for each collective one send and one receive of its bytes, over a
/// socket. Nothing without the setting.
class StubProfiled {
 public:
  StubProfiled() {
    const char* const name = std::getenv("NCCL_PROFILER_PLUGIN");
    void* const library = name == nullptr ? nullptr : ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return;
    table_ = static_cast<const abi::Table4*>(::dlsym(library, "ncclProfiler_v4"));
    int wanted = 0;
    const bool on =
        table_ != nullptr && table_->init(&context_, &wanted, "stub", 1, 1, 1, 0, nullptr) == 0;
    if (!on) table_ = nullptr;
  }
  ~StubProfiled() {
    if (table_ != nullptr) table_->finalize(context_);
  }
  StubProfiled(const StubProfiled&) = delete;
  StubProfiled& operator=(const StubProfiled&) = delete;

  /// A collective that moved so many bytes.
  void tell(std::size_t bytes) const {
    if (table_ == nullptr) return;
    abi::Description4 collective = of(abi::kCollective, nullptr);
    collective.collective.algorithm = "RING";
    collective.collective.protocol = "SIMPLE";
    stop(start(collective));
    step(true, bytes);
    step(false, bytes);
    const abi::SocketEvent call{1, 3, 0, bytes};
    abi::Description4 network = of(abi::kNetwork, nullptr);
    network.network = {abi::kSocket << 16 | 1, &call};
    stop(start(network));
  }

 private:
  static abi::Description4 of(int type, void* parent) {
    abi::Description4 description;
    std::memset(&description, 0, sizeof description);
    description.type = static_cast<std::uint8_t>(type);
    description.parent = parent;
    return description;
  }
  void* start(abi::Description4 description) const {
    void* event = nullptr;
    table_->start(context_, &event, &description);
    return event;
  }
  void stop(void* event) const { table_->stop(event); }

  void step(bool sends, std::size_t bytes) const {
    abi::Description4 operation = of(abi::kProxyOperation, nullptr);
    operation.operation.sends = sends ? 1 : 0;
    void* const whole = start(operation);
    void* const part = start(of(abi::kProxyStep, whole));
    abi::StateArguments moved{bytes, 0};
    table_->record(part, sends ? abi::kStepSendWait : abi::kStepFlushWait, &moved);
    stop(part);
    stop(whole);
  }

  const abi::Table4* table_ = nullptr;
  void* context_ = nullptr;
};
