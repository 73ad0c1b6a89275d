# Looks for the vendor libraries that drivers may use and prints one table of what was found.
#
#   PLUMBLINE_WITH_<NAME> = AUTO (use it when found) | ON (an error when missing) | OFF (never look)
#
# Afterwards PLUMBLINE_HAVE_<NAME> is TRUE or FALSE, and where TRUE the target plumbline::<name> exists
# (lower case; headers are system headers). A room picks a driver or its absent twin by these variables in
# its CMakeLists.txt; they never become a macro.

include_guard(GLOBAL)
find_package(PkgConfig QUIET)

set(PLUMBLINE_VENDORS CUDA NCCL VERBS UCX MPI)
set(PLUMBLINE_VENDOR_ROOM_CUDA probes/drivers/cuda)
set(PLUMBLINE_VENDOR_ROOM_NCCL collectives/nccl)
set(PLUMBLINE_VENDOR_ROOM_VERBS probes/drivers/verbs)
set(PLUMBLINE_VENDOR_ROOM_UCX probes/drivers/ucx)
set(PLUMBLINE_VENDOR_ROOM_MPI collectives/mpi)
set(PLUMBLINE_VENDOR_HINT_CUDA "the CUDA toolkit (cuda.h), e.g. under /usr/local/cuda; CUDAToolkit_ROOT names another place")
set(PLUMBLINE_VENDOR_HINT_NCCL "nccl.h, e.g. beside the CUDA toolkit; NCCL_ROOT names another place")
set(PLUMBLINE_VENDOR_HINT_VERBS "Debian packages libibverbs-dev and librdmacm-dev")
set(PLUMBLINE_VENDOR_HINT_UCX "Debian package libucx-dev")
set(PLUMBLINE_VENDOR_HINT_MPI "Debian packages libopenmpi-dev and openmpi-bin")

# Each look sets PLUMBLINE_HAVE_<NAME> and PLUMBLINE_VENDOR_DETAIL_<NAME>, and makes the target.

# The version in a header's "#define MACRO 13010", as 13.1.0, where major and minor are factors.
function(_plumbline_header_version result header macro major minor patch)
  file(STRINGS ${header} line REGEX "#define ${macro} +[0-9]+" LIMIT_COUNT 1)
  string(REGEX MATCH "[0-9]+$" code "${line}")
  if(NOT code)
    set(${result} "unknown version" PARENT_SCOPE)
    return()
  endif()
  math(EXPR first "${code} / ${major}")
  math(EXPR second "${code} % ${major} / ${minor}")
  math(EXPR third "${code} % ${minor} / ${patch}")
  set(${result} "${first}.${second}.${third}" PARENT_SCOPE)
endfunction()

# A header-only find: CUDA and NCCL are bound at run time, so nothing is linked.
function(_plumbline_look_for_header name target header)
  find_path(PLUMBLINE_${name}_INCLUDE_DIR ${header}
    HINTS ${${name}_ROOT} $ENV{${name}_HOME} ${CUDAToolkit_ROOT} $ENV{CUDA_HOME} /usr/local/cuda
    PATH_SUFFIXES include)
  mark_as_advanced(PLUMBLINE_${name}_INCLUDE_DIR)
  if(NOT PLUMBLINE_${name}_INCLUDE_DIR)
    return()
  endif()
  _plumbline_header_version(version ${PLUMBLINE_${name}_INCLUDE_DIR}/${header} ${ARGN})
  add_library(plumbline::${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(plumbline::${target} SYSTEM INTERFACE ${PLUMBLINE_${name}_INCLUDE_DIR})
  set(PLUMBLINE_HAVE_${name} TRUE PARENT_SCOPE)
  set(PLUMBLINE_VENDOR_DETAIL_${name} "${version} in ${PLUMBLINE_${name}_INCLUDE_DIR}" PARENT_SCOPE)
endfunction()

# Libraries that come with pkg-config files.
function(_plumbline_look_for_pkg name target)
  if(NOT PKG_CONFIG_FOUND)
    set(PLUMBLINE_VENDOR_DETAIL_${name} "pkg-config is missing" PARENT_SCOPE)
    return()
  endif()
  pkg_check_modules(PLUMBLINE_PKG_${name} QUIET IMPORTED_TARGET GLOBAL ${ARGN})
  if(NOT PLUMBLINE_PKG_${name}_FOUND)
    return()
  endif()
  add_library(plumbline::${target} ALIAS PkgConfig::PLUMBLINE_PKG_${name})
  list(GET ARGN 0 first)
  set(version "${PLUMBLINE_PKG_${name}_VERSION}${PLUMBLINE_PKG_${name}_${first}_VERSION}")
  set(PLUMBLINE_HAVE_${name} TRUE PARENT_SCOPE)
  set(PLUMBLINE_VENDOR_DETAIL_${name} "${version}" PARENT_SCOPE)
endfunction()

macro(_plumbline_look_for_CUDA)
  _plumbline_look_for_header(CUDA cuda cuda.h CUDA_VERSION 1000 10 1)
  if(PLUMBLINE_HAVE_CUDA)
    find_program(PLUMBLINE_NVCC nvcc
      HINTS ${PLUMBLINE_CUDA_INCLUDE_DIR}/../bin ${PLUMBLINE_CUDA_INCLUDE_DIR}/../../../bin
        ${CUDAToolkit_ROOT}/bin $ENV{CUDA_HOME}/bin /usr/local/cuda/bin)
    mark_as_advanced(PLUMBLINE_NVCC)
    if(NOT PLUMBLINE_NVCC)
      set(PLUMBLINE_HAVE_CUDA FALSE)
      set(PLUMBLINE_VENDOR_DETAIL_CUDA
        "nvcc beside ${PLUMBLINE_CUDA_INCLUDE_DIR}/cuda.h; CUDAToolkit_ROOT names another toolkit")
    endif()
  endif()
endmacro()

macro(_plumbline_look_for_NCCL)
  _plumbline_look_for_header(NCCL nccl nccl.h NCCL_VERSION_CODE 10000 100 1)
endmacro()

macro(_plumbline_look_for_VERBS)
  _plumbline_look_for_pkg(VERBS verbs libibverbs librdmacm)
endmacro()

macro(_plumbline_look_for_UCX)
  _plumbline_look_for_pkg(UCX ucx ucx)
endmacro()

macro(_plumbline_look_for_MPI)
  set(MPI_CXX_SKIP_MPICXX ON) # the deprecated C++ binding
  find_package(MPI QUIET COMPONENTS C)
  if(MPI_C_FOUND)
    set_target_properties(MPI::MPI_C PROPERTIES IMPORTED_GLOBAL TRUE)
    add_library(plumbline::mpi ALIAS MPI::MPI_C)
    set(PLUMBLINE_HAVE_MPI TRUE)
    set(PLUMBLINE_VENDOR_DETAIL_MPI "MPI ${MPI_C_VERSION}, ${MPIEXEC_EXECUTABLE}")
  endif()
endmacro()

# "used by ROOM" or "no room uses it yet": an empty or absent driver room is told, not hidden.
function(_plumbline_vendor_use name result)
  set(room ${PLUMBLINE_VENDOR_ROOM_${name}})
  file(GLOB sources ${PROJECT_SOURCE_DIR}/${room}/*.cpp ${PROJECT_SOURCE_DIR}/${room}/*.cu)
  if(sources)
    set(${result} "used by ${room}" PARENT_SCOPE)
  else()
    set(${result} "no room uses it yet" PARENT_SCOPE)
  endif()
endfunction()

function(_plumbline_table_row name answer detail use)
  string(SUBSTRING "${name}        " 0 7 name)
  string(SUBSTRING "${answer}        " 0 8 answer)
  message(STATUS "  ${name}${answer}${detail} (${use})")
endfunction()

# Looks for every vendor library and prints the table. A macro: the targets and variables belong to the
# caller's scope.
macro(plumbline_find_vendors)
  message(STATUS "vendor libraries:")
  foreach(vendor IN LISTS PLUMBLINE_VENDORS)
    set(PLUMBLINE_WITH_${vendor} AUTO CACHE STRING "Use ${vendor}: AUTO, ON or OFF")
    set_property(CACHE PLUMBLINE_WITH_${vendor} PROPERTY STRINGS AUTO ON OFF)
    set(PLUMBLINE_HAVE_${vendor} FALSE)
    set(PLUMBLINE_VENDOR_DETAIL_${vendor} "${PLUMBLINE_VENDOR_HINT_${vendor}}")
    _plumbline_vendor_use(${vendor} PLUMBLINE_VENDOR_USE)
    if(PLUMBLINE_WITH_${vendor} STREQUAL "OFF")
      _plumbline_table_row(${vendor} off "by PLUMBLINE_WITH_${vendor}" "${PLUMBLINE_VENDOR_USE}")
    elseif(NOT PLUMBLINE_WITH_${vendor} MATCHES "^(AUTO|ON)$")
      message(FATAL_ERROR "PLUMBLINE_WITH_${vendor} is '${PLUMBLINE_WITH_${vendor}}'; it must be AUTO, ON or OFF")
    else()
      cmake_language(CALL _plumbline_look_for_${vendor})
      if(PLUMBLINE_HAVE_${vendor})
        _plumbline_table_row(${vendor} found "${PLUMBLINE_VENDOR_DETAIL_${vendor}}" "${PLUMBLINE_VENDOR_USE}")
      elseif(PLUMBLINE_WITH_${vendor} STREQUAL "ON")
        message(FATAL_ERROR "PLUMBLINE_WITH_${vendor}=ON, but ${vendor} was not found: install ${PLUMBLINE_VENDOR_DETAIL_${vendor}}")
      else()
        _plumbline_table_row(${vendor} absent "${PLUMBLINE_VENDOR_DETAIL_${vendor}}" "${PLUMBLINE_VENDOR_USE}")
      endif()
    endif()
  endforeach()
endmacro()
