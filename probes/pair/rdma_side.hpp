#pragma once

#include <memory>
#include <vector>

#include "probes/pair/batch.hpp"
#include "probes/pair/rdma_path.hpp"
#include "probes/pair/side.hpp"

namespace plumbline::probes {

/// This end's part of one batch over RDMA queue pairs.
class RdmaSide final : public BatchSide {
 public:
  /// Waits for the port and makes the queue pairs. What goes wrong is kept for opening().
  RdmaSide(const Task& task, PairWorld& world, const Number& number);
  Opening opening() const override { return opening_; }
  Closing measure(const Opening& other, std::uint64_t batch) override;

 private:
  Status open();
  Status connect(const Opening& other);
  Status check_peer(const std::string& peer) const;
  void run_stream(Closing& closing, std::uint64_t batch);
  void run_latency(Closing& closing, std::uint64_t batch);

  const Task& task_;
  PairWorld& world_;
  Number number_;
  int rank_;
  std::unique_ptr<RdmaHalf> sender_;    ///< holds what is sent
  std::unique_ptr<RdmaHalf> receiver_;  ///< takes what arrives
  Opening opening_;
};

}  // namespace plumbline::probes
