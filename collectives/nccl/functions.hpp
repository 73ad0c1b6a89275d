#pragma once

#include <nccl.h>

#include <string>

#include "core/result.hpp"

namespace plumbline::collectives {

/// The functions of NCCL that this room calls, as nccl.h declares them. The first part is there
/// since 2.18; a function of the second part is null where the library is older.
struct NcclFunctions {
  decltype(&ncclGetVersion) get_version = nullptr;
  decltype(&ncclGetUniqueId) get_unique_id = nullptr;
  decltype(&ncclCommInitRankConfig) init_rank = nullptr;
  decltype(&ncclCommSplit) split = nullptr;
  decltype(&ncclCommDestroy) destroy = nullptr;
  decltype(&ncclCommAbort) abort = nullptr;
  decltype(&ncclCommGetAsyncError) async_error = nullptr;
  decltype(&ncclGetErrorString) error_string = nullptr;
  decltype(&ncclGetLastError) last_error = nullptr;
  decltype(&ncclRedOpCreatePreMulSum) create_scaled_sum = nullptr;
  decltype(&ncclRedOpDestroy) destroy_reduction = nullptr;
  decltype(&ncclAllReduce) all_reduce = nullptr;
  decltype(&ncclReduce) reduce = nullptr;
  decltype(&ncclReduceScatter) reduce_scatter = nullptr;
  decltype(&ncclAllGather) all_gather = nullptr;
  decltype(&ncclBroadcast) broadcast = nullptr;
  decltype(&ncclSend) send = nullptr;
  decltype(&ncclRecv) receive = nullptr;
  decltype(&ncclGroupStart) group_start = nullptr;
  decltype(&ncclGroupEnd) group_end = nullptr;

  decltype(&ncclMemAlloc) mem_alloc = nullptr;                      ///< 2.19
  decltype(&ncclMemFree) mem_free = nullptr;                        ///< 2.19
  decltype(&ncclCommRegister) register_buffer = nullptr;            ///< 2.19
  decltype(&ncclCommDeregister) deregister_buffer = nullptr;        ///< 2.19
  decltype(&ncclCommWindowRegister) register_window = nullptr;      ///< 2.27
  decltype(&ncclCommWindowDeregister) deregister_window = nullptr;  ///< 2.27
  decltype(&ncclAlltoAll) all_to_all = nullptr;                     ///< 2.28
};

/// NCCL as it was found: bound for the life of the process.
struct NcclLibrary {
  NcclFunctions call;
  int version = 0;   ///< 22809 is 2.28.9
  std::string path;  ///< as it was asked for
};

/// Binds `path`, or "libnccl.so.2" when it is empty. Unavailable, with a reason to skip, when it is
/// not there, older than 2.18, or lacks a function that it must have.
Result<NcclLibrary> load_nccl(const std::string& path);

/// "2.28.9"; "2.8.4" of the numbering before 2.9.
std::string nccl_version_text(int version);

}  // namespace plumbline::collectives
