#pragma once

#include <mpi.h>

#include "collectives/operation.hpp"
#include "core/result.hpp"

namespace plumbline::collectives {

/// MPI's datatype and operator for one operation. Formats that MPI has no type for (half, bfloat16,
/// the 8-bit floats) are bytes with an operator of ours. Frees what it made.
class MpiKinds {
 public:
  /// MPI must have begun, and must not end before this does.
  static Result<MpiKinds> of(ElementType type, Reduction reduction);
  MpiKinds(MpiKinds&& other) noexcept;
  MpiKinds& operator=(MpiKinds&& other) noexcept;
  MpiKinds(const MpiKinds&) = delete;
  MpiKinds& operator=(const MpiKinds&) = delete;
  ~MpiKinds();

  MPI_Datatype type() const { return type_; }
  MPI_Op reduction() const { return reduction_; }

 private:
  MpiKinds() = default;
  void release() noexcept;
  MPI_Datatype type_ = MPI_DATATYPE_NULL;
  MPI_Op reduction_ = MPI_OP_NULL;
  bool own_ = false;
};

}  // namespace plumbline::collectives
