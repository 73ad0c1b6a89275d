#pragma once

#include <string>

// What a test tells the stub libcuda. The stub lies in a library of its own; stub_world() is the
// one thing that a test asks of it directly.

namespace plumbline::stub {

/// How the stub behaves. Tests put it back by reset().
struct World {
  int version = 13000;
  int init_result = 0;  ///< CUresult of cuInit
  int devices = 2;
  std::string missing;  ///< cuGetProcAddress does not know this function
  std::string failing;  ///< this function (or kernel) gives `failure`
  int failure = 1;
  bool corrupts = false;  ///< copies of 4 KiB and more change one byte
  bool peers = true;      ///< devices reach each other
  bool fabric = true;     ///< devices have fabric handles
  bool dma_buf = true;    ///< devices export their memory as dma-buf
  bool hangs = false;     ///< copies never end
  long live = 0;          ///< allocations, pins, mappings and contexts that were not given back
  long resets = 0;        ///< primary contexts reset
  long held_copies = 0;   ///< copies that were queued while a hold was closed
};

/// Of the loaded stub; by dlsym("stub_world").
using WorldFunction = World* (*)();

}  // namespace plumbline::stub
