#include "probes/drivers/verbs/control_lane.hpp"

#include <algorithm>
#include <cstring>

namespace plumbline::probes {

namespace {

constexpr std::size_t kWord = 64;  // bytes of a slot
constexpr std::size_t kSlots = 8;  // receives; one more slot is the send's
constexpr std::uint64_t kSend = kSlots;

}  // namespace

Result<ControlLane> ControlLane::make(const VerbsPort& port) {
  auto memory = RegisteredMemory::make(port.domain.get(), kWord * (kSlots + 1), MemoryPlace{});
  if (!memory) return tl::unexpected(memory.error());
  auto completions = Completions::make(port.context.get(), 2 * static_cast<int>(kSlots));
  if (!completions) return tl::unexpected(completions.error());
  auto pair = make_queue_pair(port, completions->get(), completions->get(), {4, kSlots});
  if (!pair) return tl::unexpected(pair.error());
  ControlLane lane;
  lane.memory_ = std::move(*memory);
  lane.completions_ = std::move(*completions);
  lane.pair_ = std::move(*pair);
  for (std::size_t slot = 0; slot < kSlots; ++slot) {
    if (auto posted = lane.post_receive(slot); !posted) return tl::unexpected(posted.error());
  }
  return lane;
}

Status ControlLane::connect(const VerbsPort& port, const EndWords& other) {
  return connect_queue_pair(port, pair_, other, other.control);
}

Status ControlLane::post_receive(std::size_t slot) {
  ibv_sge piece{memory_.address(slot * kWord), kWord, memory_.local_key()};
  ibv_recv_wr request{};
  request.wr_id = slot;
  request.sg_list = &piece;
  request.num_sge = 1;
  return post(pair_.handle.get(), request);
}

void ControlLane::take(const ibv_wc& completion) {
  if (completion.wr_id == kSend) {
    sent_ = true;
    return;
  }
  const auto slot = static_cast<std::size_t>(completion.wr_id);
  const std::size_t length = std::min<std::size_t>(completion.byte_len, kWord);
  const auto bytes = memory_.bytes().subspan(std::min(slot, kSlots) * kWord, length);
  const auto word = unpack_control({reinterpret_cast<const char*>(bytes.data()), length});
  if (slot >= kSlots || !word) {
    problem_ = word ? Error{ErrorCode::internal, "a completion of no slot"} : word.error();
    return;
  }
  heard_.push_back(*word);
  if (auto posted = post_receive(slot); !posted) problem_ = posted.error();
}

Status ControlLane::say(ControlWord word, Deadline deadline, Waiting waiting) {
  const std::string words = pack(word);
  std::memcpy(memory_.bytes().data() + kSend * kWord, words.data(), words.size());
  ibv_sge piece{memory_.address(kSend * kWord), kControlBytes, memory_.local_key()};
  ibv_send_wr request{};
  request.wr_id = kSend;
  request.sg_list = &piece;
  request.num_sge = 1;
  request.opcode = IBV_WR_SEND;
  request.send_flags = IBV_SEND_SIGNALED;
  sent_ = false;
  if (auto posted = post(pair_.handle.get(), request, "sending a word"); !posted) return posted;
  while (!sent_) {
    auto some = completions_.wait(deadline, waiting, [this](const ibv_wc& one) { take(one); });
    if (!some) return tl::unexpected(some.error());
    if (problem_) return tl::unexpected(*problem_);
    if (!*some) return fail(ErrorCode::deadline_exceeded, "the other end takes no word");
  }
  return {};
}

Result<ControlWord> ControlLane::hear(Deadline deadline, Waiting waiting) {
  while (heard_.empty()) {
    auto some = completions_.wait(deadline, waiting, [this](const ibv_wc& one) { take(one); });
    if (!some) return tl::unexpected(some.error());
    if (problem_) return tl::unexpected(*problem_);
    if (!*some) return fail(ErrorCode::deadline_exceeded, "the other end says nothing");
  }
  const ControlWord word = heard_.front();
  heard_.pop_front();
  return word;
}

}  // namespace plumbline::probes
