#include "collectives/mpi/settings.hpp"

#include <mpi.h>

#include <array>
#include <string>
#include <vector>

namespace plumbline::collectives {
namespace {

/// The algorithm that a derived expectation takes for granted, by Open MPI's number.
struct Forced {
  OperationKind kind;
  const char* variable;
  const char* number;
  const char* name;
};

constexpr std::array<Forced, 8> kForced{{
    {OperationKind::all_reduce, "coll_tuned_allreduce_algorithm", "4", "ring"},
    {OperationKind::all_gather, "coll_tuned_allgather_algorithm", "4", "ring"},
    {OperationKind::reduce_scatter, "coll_tuned_reduce_scatter_algorithm", "3", "ring"},
    {OperationKind::broadcast, "coll_tuned_bcast_algorithm", "3", "pipeline"},
    {OperationKind::reduce, "coll_tuned_reduce_algorithm", "3", "pipeline"},
    {OperationKind::all_to_all, "coll_tuned_alltoall_algorithm", "2", "pairwise"},
    {OperationKind::gather, "coll_tuned_gather_algorithm", "1", "linear"},
    {OperationKind::scatter, "coll_tuned_scatter_algorithm", "1", "linear"},
}};

/// Nothing for operations that are made of sends here.
const Forced* forced_for(OperationKind kind) {
  for (const Forced& one : kForced)
    if (one.kind == kind) return &one;
  return nullptr;
}

/// MPI's tool interface, open while this lives.
class ToolInterface {
 public:
  ToolInterface() {
    int given = 0;
    open_ = MPI_T_init_thread(MPI_THREAD_SINGLE, &given) == MPI_SUCCESS;
  }
  ~ToolInterface() {
    if (open_) MPI_T_finalize();
  }
  ToolInterface(const ToolInterface&) = delete;
  ToolInterface& operator=(const ToolInterface&) = delete;

  /// A control variable's value as text; "unknown" when the library has no such variable.
  std::string value(const char* name) const {
    int index = 0;
    if (!open_ || MPI_T_cvar_get_index(name, &index) != MPI_SUCCESS) return "unknown";
    MPI_Datatype type = MPI_DATATYPE_NULL;
    int verbosity = 0;
    int bind = 0;
    int scope = 0;
    MPI_T_enum words = MPI_T_ENUM_NULL;
    if (MPI_T_cvar_get_info(index, nullptr, nullptr, &verbosity, &type, &words, nullptr, nullptr,
                            &bind, &scope) != MPI_SUCCESS)
      return "unknown";
    MPI_T_cvar_handle handle = MPI_T_CVAR_HANDLE_NULL;
    int count = 0;
    if (MPI_T_cvar_handle_alloc(index, nullptr, &handle, &count) != MPI_SUCCESS) return "unknown";
    const std::string text = read(handle, type, count);
    MPI_T_cvar_handle_free(&handle);
    return text;
  }

 private:
  static std::string read(MPI_T_cvar_handle handle, MPI_Datatype type, int count) {
    if (type == MPI_CHAR) {
      std::vector<char> text(static_cast<std::size_t>(count) + 1, '\0');
      if (MPI_T_cvar_read(handle, text.data()) != MPI_SUCCESS) return "unknown";
      return text.data();
    }
    if (type != MPI_INT || count != 1) return "unknown";
    int number = 0;
    if (MPI_T_cvar_read(handle, &number) != MPI_SUCCESS) return "unknown";
    return std::to_string(number);
  }

  bool open_ = false;
};

std::string version() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  const std::string whole(text.data(), static_cast<std::size_t>(length));
  return whole.substr(0, whole.find(','));
}

}  // namespace

Proof library_word(int ranks, OperationKind kind) {
  const ToolInterface tool;
  const std::string transport = tool.value("btl");
  const Forced* const forced = forced_for(kind);
  const std::string algorithm = forced == nullptr ? "none" : tool.value(forced->variable);
  const bool ring = forced == nullptr || algorithm == forced->number;
  Proof proof;
  proof.kind = "library";
  proof.source = "MPI_Get_library_version, MPI_T_cvar_read";
  proof.statement = version() + ", " + std::to_string(ranks) + " ranks, pml " + tool.value("pml") +
                    ", btl " + transport + " over " + tool.value("btl_tcp_if_include") + ", coll " +
                    tool.value("coll");
  if (forced != nullptr)
    proof.statement += std::string(", algorithm of ") + to_string(kind) + " " + algorithm +
                       (ring ? std::string(" (") + forced->name + ")" : "");
  const bool one = transport == "tcp,self" || transport == "self,tcp" || transport == "vader,self";
  proof.holds = one && ring;
  return proof;
}

}  // namespace plumbline::collectives
