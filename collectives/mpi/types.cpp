#include "collectives/mpi/types.hpp"

#include <array>
#include <utility>

#include "collectives/element.hpp"
#include "collectives/mpi/check.hpp"

namespace plumbline::collectives {
namespace {

/// What an operator of ours does; MPI tells it nothing but the datatype, so there is one for each
/// format and reduction.
template <ElementType Type, Reduction How>
void reduce_ours(void* from, void* into, int* count, MPI_Datatype* /*type*/) {
  const std::size_t bytes = static_cast<std::size_t>(*count) * size_of(Type);
  combine_all(Type, How, {static_cast<std::byte*>(into), bytes},
              {static_cast<const std::byte*>(from), bytes});
}

template <ElementType Type>
MPI_User_function* ours_of(Reduction reduction) {
  switch (reduction) {
    case Reduction::product:
      return reduce_ours<Type, Reduction::product>;
    case Reduction::min:
      return reduce_ours<Type, Reduction::min>;
    case Reduction::max:
      return reduce_ours<Type, Reduction::max>;
    default:
      return reduce_ours<Type, Reduction::sum>;
  }
}

MPI_User_function* ours_of(ElementType type, Reduction reduction) {
  switch (type) {
    case ElementType::float16:
      return ours_of<ElementType::float16>(reduction);
    case ElementType::bfloat16:
      return ours_of<ElementType::bfloat16>(reduction);
    case ElementType::float8_e4m3:
      return ours_of<ElementType::float8_e4m3>(reduction);
    default:
      return ours_of<ElementType::float8_e5m2>(reduction);
  }
}

MPI_Datatype native(ElementType type) {
  switch (type) {
    case ElementType::int8:
      return MPI_INT8_T;
    case ElementType::uint8:
      return MPI_UINT8_T;
    case ElementType::int32:
      return MPI_INT32_T;
    case ElementType::uint32:
      return MPI_UINT32_T;
    case ElementType::int64:
      return MPI_INT64_T;
    case ElementType::uint64:
      return MPI_UINT64_T;
    case ElementType::float32:
      return MPI_FLOAT;
    case ElementType::float64:
      return MPI_DOUBLE;
    default:
      return MPI_DATATYPE_NULL;
  }
}

/// The average and the scaled sum are sums with a step of ours beside them.
MPI_Op native(Reduction reduction) {
  switch (reduction) {
    case Reduction::product:
      return MPI_PROD;
    case Reduction::min:
      return MPI_MIN;
    case Reduction::max:
      return MPI_MAX;
    default:
      return MPI_SUM;
  }
}

}  // namespace

Result<MpiKinds> MpiKinds::of(ElementType type, Reduction reduction) {
  MpiKinds kinds;
  kinds.type_ = native(type);
  kinds.reduction_ = native(reduction);
  if (kinds.type_ != MPI_DATATYPE_NULL) return kinds;
  kinds.own_ = true;
  kinds.reduction_ = MPI_OP_NULL;
  const int size = static_cast<int>(size_of(type));
  auto made = check_mpi(MPI_Type_contiguous(size, MPI_BYTE, &kinds.type_), "MPI_Type_contiguous");
  if (made) made = check_mpi(MPI_Type_commit(&kinds.type_), "MPI_Type_commit");
  if (made)
    made =
        check_mpi(MPI_Op_create(ours_of(type, reduction), 1, &kinds.reduction_), "MPI_Op_create");
  if (!made) return tl::unexpected(made.error());
  return kinds;
}

MpiKinds::MpiKinds(MpiKinds&& other) noexcept
    : type_(std::exchange(other.type_, MPI_DATATYPE_NULL)),
      reduction_(std::exchange(other.reduction_, MPI_OP_NULL)),
      own_(std::exchange(other.own_, false)) {}

MpiKinds& MpiKinds::operator=(MpiKinds&& other) noexcept {
  if (this == &other) return *this;
  release();
  type_ = std::exchange(other.type_, MPI_DATATYPE_NULL);
  reduction_ = std::exchange(other.reduction_, MPI_OP_NULL);
  own_ = std::exchange(other.own_, false);
  return *this;
}

MpiKinds::~MpiKinds() { release(); }

void MpiKinds::release() noexcept {
  if (!own_) return;
  if (reduction_ != MPI_OP_NULL) MPI_Op_free(&reduction_);
  if (type_ != MPI_DATATYPE_NULL) MPI_Type_free(&type_);
  own_ = false;
}

}  // namespace plumbline::collectives
