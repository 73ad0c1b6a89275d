# Compiles the kernels to one fat binary and embeds it. The list below is cut to what this nvcc knows: machine code
# for each generation, which newer chips of the same generation run too, and PTX of the oldest for all that are newer.

set(PLUMBLINE_CUDA_ARCHITECTURES "70;75;80;86;89;90;100;103;120" CACHE STRING
  "Compute capabilities that the kernels get machine code for; what nvcc does not know is left out")

# Sets `result` to the C++ source that holds the kernels.
function(plumbline_cuda_kernels result)
  set(room ${CMAKE_CURRENT_SOURCE_DIR}/drivers/cuda)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/cuda)
  execute_process(COMMAND ${PLUMBLINE_NVCC} --list-gpu-code OUTPUT_VARIABLE known RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "${PLUMBLINE_NVCC} does not run; take another toolkit by -DCUDAToolkit_ROOT=, or -DPLUMBLINE_WITH_CUDA=OFF")
  endif()
  string(REGEX MATCHALL "sm_[0-9]+" known "${known}")
  set(targets)
  foreach(architecture IN LISTS PLUMBLINE_CUDA_ARCHITECTURES)
    if(NOT sm_${architecture} IN_LIST known)
      continue()
    endif()
    if(NOT targets)
      list(APPEND targets -gencode arch=compute_${architecture},code=compute_${architecture})
    endif()
    list(APPEND targets -gencode arch=compute_${architecture},code=sm_${architecture})
  endforeach()
  if(NOT targets)
    message(FATAL_ERROR "${PLUMBLINE_NVCC} knows none of the architectures ${PLUMBLINE_CUDA_ARCHITECTURES}")
  endif()
  file(MAKE_DIRECTORY ${out})
  add_custom_command(OUTPUT ${out}/kernels.fatbin
    COMMAND ${PLUMBLINE_NVCC} -std=c++17 -O3 -fatbin ${targets} -I ${PROJECT_SOURCE_DIR}
      -o ${out}/kernels.fatbin ${room}/kernels.cu
    DEPENDS ${room}/kernels.cu ${room}/kernel_work.hpp ${PROJECT_SOURCE_DIR}/probes/gpu/gpu_pattern.hpp
    COMMENT "Compiling the GPU kernels" VERBATIM)
  add_custom_command(OUTPUT ${out}/kernel_image.cpp
    COMMAND ${CMAKE_COMMAND} -DIMAGE=${out}/kernels.fatbin -DOUT=${out}/kernel_image.cpp -P ${room}/embed.cmake
    DEPENDS ${out}/kernels.fatbin ${room}/embed.cmake VERBATIM)
  set(${result} ${out}/kernel_image.cpp PARENT_SCOPE)
endfunction()
