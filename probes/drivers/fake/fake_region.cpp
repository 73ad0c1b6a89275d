#include "probes/drivers/fake/fake_region.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace plumbline::probes {

FakeRegion::FakeRegion(GpuPlace place, Bytes size, std::shared_ptr<void> lease)
    : place_(std::move(place)), size_(size), lease_(std::move(lease)) {
  content_[0] = {};
}

void FakeRegion::cut(std::uint64_t at) {
  if (at >= size_.count) return;
  const auto before = std::prev(content_.upper_bound(at));
  if (before->first != at) content_.emplace(at, before->second);
}

void FakeRegion::write(std::uint64_t from, std::uint64_t to, const FakeContent& content) {
  to = std::min(to, size_.count);
  if (from >= to) return;
  cut(to);
  cut(from);
  content_.erase(content_.lower_bound(from), content_.lower_bound(to));
  content_[from] = content;
}

void FakeRegion::take(const FakeRegion& source, std::uint64_t from, std::uint64_t to,
                      std::uint64_t length) {
  const std::uint64_t end = std::min(from + length, source.size_.count);
  std::vector<std::pair<std::uint64_t, FakeContent>> pieces;
  for (auto piece = std::prev(source.content_.upper_bound(from));
       piece != source.content_.end() && piece->first < end; ++piece) {
    pieces.emplace_back(std::max(piece->first, from), piece->second);
  }
  const auto moved = static_cast<std::int64_t>(to) - static_cast<std::int64_t>(from);
  for (std::size_t index = 0; index < pieces.size(); ++index) {
    const std::uint64_t stop = index + 1 < pieces.size() ? pieces[index + 1].first : end;
    FakeContent content = pieces[index].second;
    if (content.known) content.shift += moved;
    write(pieces[index].first - from + to, stop - from + to, content);
  }
}

Comparison FakeRegion::compare(std::uint64_t size, std::uint64_t seed) const {
  const std::uint64_t end = std::min(size, size_.count);
  const FakeContent wanted{true, seed, 0};
  Comparison result;
  for (auto piece = content_.begin(); piece != content_.end() && piece->first < end; ++piece) {
    if (piece->second == wanted) continue;
    const auto next = std::next(piece);
    const std::uint64_t stop = next == content_.end() ? end : std::min(next->first, end);
    if (!result.first) result.first = piece->first;
    result.wrong += stop - piece->first;
  }
  return result;
}

}  // namespace plumbline::probes
