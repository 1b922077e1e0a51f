#include "data/picture_table.h"

#include <utility>

#include "core/error.h"

namespace ssd {

PictureTable::PictureTable(PictureList list, const std::string& holder) : list_(std::move(list)) {
  const size_t pictures = size();
  uint64_t truths = 0;
  for (const auto count : list_.counts) {
    first_.push_back(truths);
    truths += count < 0 ? UINT32_MAX : static_cast<uint64_t>(count);
  }
  if (list_.paths.size() != pictures || list_.sizes.size() != pictures * 2 ||
      list_.labels.size() != truths || list_.boxes.size() != truths * 4) {
    throw Error(Code::BadData,
                holder + ": expected an index whose lists agree, got lists of other lengths");
  }
  for (size_t i = 0; i < pictures; ++i) {
    if (width(i) > 0 && height(i) > 0) continue;
    throw Error(Code::BadData, holder + ": expected " + path(i) + " with pixels, got " +
                                   std::to_string(width(i)) + "x" + std::to_string(height(i)));
  }
}

Picture PictureTable::picture(size_t i, const uint8_t* pixels,
                              std::shared_ptr<const void> owner) const {
  const auto count = static_cast<size_t>(list_.counts[i]);
  return {pixels,
          width(i),
          height(i),
          std::span(list_.boxes).subspan(first_[i] * 4, count * 4),
          std::span(list_.labels).subspan(first_[i], count),
          std::move(owner)};
}

}  // namespace ssd
