# The interface target that every target of ours links: language, include root, warnings, sanitizers.

include_guard(GLOBAL)

set(PLUMBLINE_SANITIZE "OFF" CACHE STRING
  "Sanitizers: OFF, or what goes behind -fsanitize= (address,undefined or thread)")
if(PLUMBLINE_SANITIZE STREQUAL "ON")
  set(PLUMBLINE_SANITIZE "address,undefined")
endif()

# Compiler launcher and linker: taken when found, never required.
function(_plumbline_speed_up)
  find_program(CCACHE_PROGRAM ccache)
  if(CCACHE_PROGRAM)
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM} PARENT_SCOPE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM} PARENT_SCOPE)
  endif()
  find_program(LLD_PROGRAM ld.lld)
  if(LLD_PROGRAM)
    add_link_options(-fuse-ld=lld)
  endif()
  mark_as_advanced(CCACHE_PROGRAM LLD_PROGRAM)
endfunction()

macro(plumbline_options)
  _plumbline_speed_up()
  add_library(plumbline_options INTERFACE)
  target_compile_features(plumbline_options INTERFACE cxx_std_20)
  target_include_directories(plumbline_options INTERFACE ${PROJECT_SOURCE_DIR})
  target_compile_options(plumbline_options INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wtype-limits -Werror
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Wold-style-cast>
    # At -O3 GCC 12 sees an overlap in std::string's operator+ that is not there (its bug 105651), and strings that
    # are not initialised where a variant is assigned to. clang-tidy looks for the real ones.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  if(NOT PLUMBLINE_SANITIZE MATCHES "^(OFF|0|FALSE|)$")
    # For every target, ours or not: one sanitised object in an unsanitised program does not link.
    add_compile_options(-fsanitize=${PLUMBLINE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
    add_link_options(-fsanitize=${PLUMBLINE_SANITIZE})
  endif()
endmacro()
