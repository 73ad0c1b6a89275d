#include "collectives/nccl/communicator.hpp"

#include <array>
#include <cstring>
#include <optional>

#include "collectives/element.hpp"
#include "collectives/nccl/link.hpp"
#include "collectives/nccl/log_lines.hpp"
#include "core/files.hpp"

namespace plumbline::collectives {
namespace {

constexpr auto kAtOnce = std::chrono::seconds(20);

std::uint64_t address_of(const std::byte* memory) {
  return reinterpret_cast<std::uintptr_t>(memory);
}

/// A multiplication by 1/n before the sum is exact when n is a power of two; else each of the n
/// terms and of the n sums may be rounded.
double slack_of(const Operation& operation, int ranks) {
  const bool average = reduces(operation.kind) && operation.reduction == Reduction::average;
  if (!average || (ranks & (ranks - 1)) == 0) return 0;
  switch (operation.type) {
    case ElementType::float64:
      return 2.0 * ranks * 0x1p-53;
    case ElementType::float32:
      return 2.0 * ranks * 0x1p-24;
    case ElementType::float16:
      return 2.0 * ranks * 0x1p-11;
    case ElementType::bfloat16:
      return 2.0 * ranks * 0x1p-8;
    case ElementType::float8_e4m3:
      return 2.0 * ranks * 0x1p-4;
    case ElementType::float8_e5m2:
      return 2.0 * ranks * 0x1p-3;
    default:
      return 0;
  }
}

class NcclCommunicator final : public Communicator {
 public:
  NcclCommunicator(Rendezvous& meeting, Pulse& pulse, const NcclSettings& settings,
                   NcclLibrary library, std::unique_ptr<Device> device)
      : meeting_(meeting),
        pulse_(pulse),
        settings_(settings),
        library_(std::move(library)),
        device_(std::move(device)),
        place_(place_in({}, meeting.rank(), meeting.size())) {}

  /// Makes the communicator of this rank's group.
  Status join(Deadline deadline) {
    memory_.reset();
    link_.reset();
    ncclUniqueId id{};
    if (place_.rank == 0) {
      const ncclResult_t made = library_.call.get_unique_id(&id);
      if (made != ncclSuccess)
        return fail(ErrorCode::unavailable,
                    std::string("ncclGetUniqueId: ") + library_.call.error_string(made));
    }
    const auto ids = share(std::string(id.internal, sizeof id.internal), deadline);
    if (!ids) return pass_up(ids.error(), "exchanging NCCL's ids");
    const std::string& first = (*ids)[leader()];
    if (first.size() != sizeof id.internal) return fail(ErrorCode::invalid_input, "no NCCL id");
    std::memcpy(id.internal, first.data(), first.size());
    link_ = std::make_unique<NcclLink>(library_, *device_);
    const Counted counted(pulse_);
    if (auto in = link_->join(id, place_.rank, place_.size, deadline); !in) return in;
    memory_ = std::make_unique<NcclMemory>(*link_, settings_.registered);
    return {};
  }

  int rank() const override { return meeting_.rank(); }
  int size() const override { return meeting_.size(); }

  std::optional<std::string> cannot(const Operation& operation) const override {
    const bool exchange = operation.kind == OperationKind::all_to_all ||
                          operation.kind == OperationKind::send_receive;
    if (operation.in_place && exchange)
      return std::string("NCCL has no in-place ") + to_string(operation.kind);
    return std::nullopt;
  }

  Status split(const std::vector<int>& colours) override {
    if (colours == colours_) return {};
    colours_ = colours;
    place_ = place_in(colours, rank(), size());
    return join(Deadline::after(kAtOnce));
  }

  Status prepare(const Operation& operation, std::uint64_t seed, int repeats) override {
    const auto mixed = seed + static_cast<std::uint64_t>(place_.colour);
    buffers_.prepare(operation, place_.rank, place_.size, mixed, repeats);
    whole_ = (buffers_.whole(0).size() + 511) / 512 * 512;
    input_ = (buffers_.input().size() + 511) / 512 * 512;
    const Deadline deadline = Deadline::after(kAtOnce);
    const std::size_t bytes = input_ + whole_ * static_cast<std::size_t>(repeats);
    if (auto room = memory_->reserve(std::max<std::size_t>(bytes, 512), deadline); !room)
      return room;
    auto done = copy_to(memory_->data(), buffers_.input());
    for (int run = 0; done && run < repeats; ++run)
      done = copy_to(at(run), buffers_.whole(run));
    return done;
  }

  Result<std::vector<Span>> run(const Operation& operation, int repeats, Blocking blocking,
                                Deadline deadline) override {
    auto reduction = reduction_of(operation, deadline);
    if (!reduction) return tl::unexpected(reduction.error());
    if (auto met = share("", deadline); !met) return tl::unexpected(met.error());
    Result<std::vector<Span>> spans;
    if (blocking != Blocking::none) {
      spans = one_by_one(operation, *reduction, repeats, blocking, deadline);
    } else if (settings_.graphs) {
      spans = as_graph(operation, *reduction, repeats, deadline);
    } else {
      spans = back_to_back(operation, *reduction, repeats, deadline);
    }
    if (*reduction >= ncclNumOps) library_.call.destroy_reduction(*reduction, link_->handle());
    return spans;
  }

  Result<std::optional<Wrong>> verify(const Operation& operation) override {
    for (int run = 0; run < buffers_.runs(); ++run) {
      const std::span<std::byte> whole = buffers_.whole(run);
      if (whole.empty()) continue;
      auto back =
          device_->check(device_->call().copy_from(whole.data(), address_of(at(run)), whole.size()),
                         "cuMemcpyDtoH");
      if (!back) return tl::unexpected(back.error());
    }
    return buffers_.verify(slack_of(operation, place_.size));
  }

  Result<std::vector<std::string>> share(std::string bytes, Deadline deadline) override {
    const Counted counted(pulse_);
    return meeting_.allgather(std::move(bytes), deadline);
  }

  Proof library() const override {
    Proof proof;
    proof.kind = "library";
    proof.source = library_.path;
    proof.statement = "NCCL " + nccl_version_text(library_.version) + ", " +
                      std::to_string(size()) + " ranks, " + device_->name() + ", " +
                      memory_->words() + (settings_.graphs ? ", one CUDA graph a batch" : "");
    for (const auto& [name, value] : settings_.environment)
      proof.statement += ", " + name + "=" + value;
    const auto text = settings_.log.empty() ? Result<std::string>(std::string())
                                            : read_file(settings_.log, 16U << 20U);
    const NcclLog log = read_nccl_log(text ? *text : std::string());
    proof.statement += "; " + sentence(log, "");
    proof.holds = !log.transports.empty() || size() == 1;
    return proof;
  }

 private:
  /// Counts one call in which this rank waits for the others.
  class Counted {
   public:
    explicit Counted(Pulse& pulse) : pulse_(pulse) { pulse_.begin(); }
    ~Counted() { pulse_.end(); }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

   private:
    Pulse& pulse_;
  };

  /// The first rank of this rank's group, among all.
  std::size_t leader() const {
    for (int other = 0; other < size(); ++other) {
      const GroupPlace place = place_in(colours_, other, size());
      if (place.colour == place_.colour && place.rank == 0) return static_cast<std::size_t>(other);
    }
    return 0;
  }

  std::byte* at(int run) const {
    return memory_->data() + input_ + whole_ * static_cast<std::size_t>(run);
  }

  Status copy_to(std::byte* into, std::span<const std::byte> from) const {
    if (from.empty()) return {};
    return device_->check(device_->call().copy_to(address_of(into), from.data(), from.size()),
                          "cuMemcpyHtoD");
  }

  Result<ncclRedOp_t> reduction_of(const Operation& operation, Deadline deadline) {
    if (!reduces(operation.kind)) return ncclSum;
    switch (operation.reduction) {
      case Reduction::product:
        return ncclProd;
      case Reduction::min:
        return ncclMin;
      case Reduction::max:
        return ncclMax;
      case Reduction::average:
        return ncclAvg;
      case Reduction::sum:
        return ncclSum;
      case Reduction::scaled_sum:
        break;
    }
    std::array<std::byte, 8> scalar{};
    with_element(operation.type, [&](auto element) {
      using Element = decltype(element);
      Element::store(scalar.data(), static_cast<typename Element::Value>(scale_of(place_.rank)));
    });
    ncclRedOp_t reduction{};
    auto made = link_->check(
        library_.call.create_scaled_sum(&reduction, scalar.data(), nccl_type(operation.type),
                                        ncclScalarHostImmediate, link_->handle()),
        "ncclRedOpCreatePreMulSum", deadline);
    if (!made) return tl::unexpected(made.error());
    return reduction;
  }

  Status queue(const Operation& operation, ncclRedOp_t reduction, int run, Deadline deadline) {
    const Layout layout = layout_of(operation, place_.size);
    const std::size_t element = size_of(operation.type);
    const auto mine = static_cast<std::size_t>(place_.rank);
    std::byte* const whole = at(run);
    std::byte* const from =
        operation.in_place ? whole + mine * layout.input_step * element : memory_->data();
    std::byte* const into =
        operation.in_place ? whole + mine * layout.output_step * element : whole;
    return queue_run(*link_,
                     {operation, place_.rank, place_.size, layout.count, nccl_type(operation.type),
                      reduction, from, into},
                     deadline);
  }

  Status finish(Deadline deadline) {
    return device_->finish([this] { return link_->fault(); }, deadline);
  }

  /// All runs are queued; events between them tell the times on the GPU.
  Result<std::vector<Span>> back_to_back(const Operation& operation, ncclRedOp_t reduction,
                                         int repeats, Deadline deadline) {
    Events events(*device_);
    const Moment start = std::chrono::steady_clock::now();
    auto done = events.record();
    for (int run = 0; done && run < repeats; ++run) {
      done = pulse_.enter();
      if (done) done = queue(operation, reduction, run, deadline);
      if (done) done = events.record();
      if (done && run + 1 < repeats) pulse_.leave({});
    }
    if (done) done = finish(deadline);
    if (!done) return tl::unexpected(done.error());
    pulse_.leave({});
    const auto ends = events.since_first();
    if (!ends) return tl::unexpected(ends.error());
    std::vector<Span> spans;
    Moment entered = start;
    for (const double end : *ends) {
      const Moment left = start + std::chrono::duration_cast<std::chrono::nanoseconds>(
                                      std::chrono::duration<double>(end));
      spans.push_back({entered, left});
      entered = left;
    }
    return spans;
  }

  /// The host waits after every run, and the ranks for each other.
  Result<std::vector<Span>> one_by_one(const Operation& operation, ncclRedOp_t reduction,
                                       int repeats, Blocking blocking, Deadline deadline) {
    std::vector<Span> spans;
    for (int run = 0; run < repeats; ++run) {
      auto done = pulse_.enter();
      Span span{std::chrono::steady_clock::now(), {}};
      if (done) done = queue(operation, reduction, run, deadline);
      if (done) done = finish(deadline);
      if (done && blocking == Blocking::with_barrier) done = barrier(deadline);
      span.left = std::chrono::steady_clock::now();
      if (done && blocking == Blocking::before_barrier) done = barrier(deadline);
      if (!done) return tl::unexpected(done.error());
      pulse_.leave({});
      spans.push_back(span);
    }
    return spans;
  }

  Status barrier(Deadline deadline) {
    const auto met = share("", deadline);
    return met ? Status() : tl::unexpected(met.error());
  }

  /// A batch is one graph, so its runs have one time: the batch's over their number.
  Result<std::vector<Span>> as_graph(const Operation& operation, ncclRedOp_t reduction, int repeats,
                                     Deadline deadline) {
    const DeviceFunctions& call = device_->call();
    void* graph = nullptr;
    void* ready = nullptr;
    constexpr int thread_local_mode = 1;
    auto done = device_->check(call.begin_capture(device_->stream(), thread_local_mode),
                               "cuStreamBeginCapture");
    for (int run = 0; done && run < repeats; ++run)
      done = queue(operation, reduction, run, deadline);
    const int ended = call.end_capture(device_->stream(), &graph);
    if (done) done = device_->check(ended, "cuStreamEndCapture");
    if (done) done = device_->check(call.instantiate(&ready, graph, 0), "cuGraphInstantiate");
    if (done) done = barrier(deadline);
    if (done) done = pulse_.enter();
    const Moment start = std::chrono::steady_clock::now();
    if (done) done = device_->check(call.graph_launch(ready, device_->stream()), "cuGraphLaunch");
    if (done) done = finish(deadline);
    const auto each = (std::chrono::steady_clock::now() - start) / repeats;
    if (ready != nullptr) call.graph_exec_destroy(ready);
    if (graph != nullptr) call.graph_destroy(graph);
    if (!done) return tl::unexpected(done.error());
    pulse_.leave({});
    std::vector<Span> spans;
    for (int run = 0; run < repeats; ++run)
      spans.push_back({start + run * each, start + (run + 1) * each});
    return spans;
  }

  Rendezvous& meeting_;
  Pulse& pulse_;
  NcclSettings settings_;
  NcclLibrary library_;
  std::unique_ptr<Device> device_;
  GroupPlace place_;
  std::vector<int> colours_;
  std::unique_ptr<NcclLink> link_;
  std::unique_ptr<NcclMemory> memory_;
  HostBuffers buffers_;
  std::size_t input_ = 0;
  std::size_t whole_ = 0;
};

}  // namespace

Result<std::unique_ptr<Communicator>> open_nccl(Rendezvous& meeting, Pulse& pulse,
                                                const NcclSettings& settings, Deadline deadline) {
  auto device = Device::open(settings.driver, settings.device);
  if (!device) return tl::unexpected(device.error());
  auto library = load_nccl(settings.library);
  if (!library) return tl::unexpected(library.error());
  auto communicator = std::make_unique<NcclCommunicator>(meeting, pulse, settings,
                                                         std::move(*library), std::move(*device));
  if (auto in = communicator->join(deadline); !in) return tl::unexpected(in.error());
  return communicator;
}

}  // namespace plumbline::collectives
