// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/tar_framing.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "sys/error.h"
#include "sys/format.h"

namespace snapshotter {
namespace {

constexpr std::size_t kTarBlock = 512;
constexpr std::size_t kSizeField = 124, kTypeField = 156, kMoreMapField = 482, kMoreMapAgain = 504;
constexpr std::uint64_t kNoRoom = 077777777777;  // what some write where a size has no room

std::uint64_t padded(std::uint64_t size) { return (size + kTarBlock - 1) / kTarBlock * kTarBlock; }

// Octal, or GNU's base 256. Empty: neither.
std::optional<std::uint64_t> number_of(std::string_view field) {
  if ((static_cast<unsigned char>(field[0]) & 0x80U) != 0) {
    std::uint64_t value = static_cast<unsigned char>(field[0]) & 0x7fU;
    for (const char byte : field.substr(1)) {
      if (value > std::numeric_limits<std::uint64_t>::max() >> 9U) return std::nullopt;
      value = value << 8U | static_cast<unsigned char>(byte);
    }
    return value;
  }
  field.remove_prefix(std::min(field.find_first_not_of(' '), field.size()));
  field = field.substr(0, field.find_first_of(std::string_view(" \0", 2)));
  if (field.empty()) return 0;
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(field.data(), field.data() + field.size(), value, 8);
  if (code != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return value;
}

bool is_zero(std::string_view block) {
  return block.find_first_not_of('\0') == std::string_view::npos;
}

// "OFFSET,SIZE,OFFSET,SIZE", going forward.
bool is_sparse_map(std::string_view text) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::uint64_t end = 0, offset = 0;
  bool is_size = false;
  while (!text.empty()) {
    std::uint64_t value = 0;
    const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    const auto digits = static_cast<std::size_t>(stop - text.data());
    const bool is_last = digits == text.size();
    if (code != std::errc() || value > kMost || (!is_last && *stop != ',')) return false;
    if (is_size) {
      if (offset < end || value > kMost - offset) return false;
      end = offset + value;
    }
    offset = value;
    is_size = !is_size;
    text.remove_prefix(is_last ? digits : digits + 1);
  }
  return !is_size;
}

}  // namespace

void TarFraming::fail(const std::string& why) const {
  throw sys::Error(sys::format("the entry at byte {}: {}", start_, why));
}

void TarFraming::add(std::string_view bytes) {
  while (!bytes.empty() && !is_done_) {
    if (part_ == Part::kSkipped) {
      const std::uint64_t part = std::min<std::uint64_t>(to_skip_, bytes.size());
      bytes.remove_prefix(static_cast<std::size_t>(part));
      position_ += part;
      to_skip_ -= part;
      if (to_skip_ == 0) part_ = Part::kHeader;
      continue;
    }
    const std::size_t wanted = part_ == Part::kHeader || part_ == Part::kSparseMap
                                   ? kTarBlock
                                   : static_cast<std::size_t>(padded(to_collect_));
    if (rest_.empty() && bytes.size() >= wanted) {
      take_block(bytes.substr(0, wanted));
      bytes.remove_prefix(wanted);
      continue;
    }
    const std::size_t part = std::min(wanted - rest_.size(), bytes.size());
    rest_ += bytes.substr(0, part);
    bytes.remove_prefix(part);
    if (rest_.size() < wanted) continue;
    const std::string whole = std::move(rest_);
    rest_.clear();
    take_block(whole);
  }
}

void TarFraming::take_block(std::string_view block) {
  switch (part_) {
    case Part::kHeader:
      if (!is_extended_) start_ = position_;
      position_ += block.size();
      return take_header(block);
    case Part::kSparseMap:
      position_ += block.size();
      if (block[kMoreMapAgain] == '\0') begin_content(content_);
      return;
    case Part::kRecords:
    case Part::kGlobalRecords:
      position_ += block.size();
      take_records(block.substr(0, static_cast<std::size_t>(to_collect_)),
                   part_ == Part::kGlobalRecords);
      part_ = Part::kHeader;
      return;
    case Part::kSkipped:
      return;
  }
}

void TarFraming::take_header(std::string_view header) {
  if (is_zero(header)) {
    is_done_ = true;  // what follows the end means nothing
    return;
  }
  const std::optional<std::uint64_t> size = number_of(header.substr(kSizeField, 12));
  if (!size) fail("its size is no number");
  const char type = header[kTypeField];
  const auto once = [&](bool& seen) {
    if (seen) fail("it has two headers of one kind");
    seen = true;
    is_extended_ = true;
  };
  if (type == 'x' || type == 'X' || type == 'g') {
    if (type == 'g') {
      is_extended_ = true;
    } else {
      once(has_pax_);
    }
    if (*size > max_extended_) {
      fail(sys::format("limit \"xattr_bytes\": its extended header is larger than {}",
                       max_extended_));
    }
    to_collect_ = *size;
    part_ = type == 'g' ? Part::kGlobalRecords : Part::kRecords;
    if (*size == 0) part_ = Part::kHeader;
  } else if (type == 'V' || type == 'A') {  // labels of volumes, Solaris' ACLs: passed over
    is_extended_ = true;
    begin_content(*size);
  } else if (type == 'L' || type == 'K') {
    once(type == 'L' ? has_long_name_ : has_long_link_);
    begin_content(*size);
  } else {
    take_entry(header, *size);
  }
}

void TarFraming::take_entry(std::string_view header, std::uint64_t size) {
  const char type = header[kTypeField];
  if ((has_long_name_ && has_pax_path_) || (has_long_link_ && has_pax_link_)) {
    fail("it has two names, one of GNU and one of pax");
  }
  if (pax_size_) {
    if (size != *pax_size_ && size != 0 && size != kNoRoom) {
      fail(sys::format("it has two sizes, {} and {}", size, *pax_size_));
    }
    size = *pax_size_;
  }
  if (type >= '1' && type <= '6' && size != 0) {
    fail(sys::format("it is of a type without content, but its size is {}", size));
  }
  starts_.push_back(start_);
  is_extended_ = has_pax_ = has_long_name_ = has_long_link_ = false;
  has_pax_path_ = has_pax_link_ = false;
  pax_size_.reset();
  if (type == 'S' && header[kMoreMapField] != '\0') {
    content_ = size;
    part_ = Part::kSparseMap;
  } else {
    begin_content(size);
  }
}

void TarFraming::begin_content(std::uint64_t size) {
  if (size > std::numeric_limits<std::uint64_t>::max() - kTarBlock) fail("its size is no number");
  to_skip_ = padded(size);
  part_ = to_skip_ == 0 ? Part::kHeader : Part::kSkipped;
}

// "LENGTH KEY=VALUE\n", one after the other.
void TarFraming::take_records(std::string_view records, bool is_global) {
  while (!records.empty()) {
    std::size_t length = 0;
    const auto [end, code] =
        std::from_chars(records.data(), records.data() + records.size(), length);
    const auto digits = static_cast<std::size_t>(end - records.data());
    if (code != std::errc() || length > records.size() || length < digits + 3 || *end != ' ' ||
        records[length - 1] != '\n') {
      fail("a record of its pax header is none");
    }
    const std::string_view record = records.substr(digits + 1, length - digits - 2);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos) fail("a record of its pax header is none");
    take_record(record.substr(0, equals), record.substr(equals + 1), is_global);
    records.remove_prefix(length);
  }
}

void TarFraming::take_record(std::string_view key, std::string_view value, bool is_global) {
  const bool is_framing = key == "size" || key == "path" || key == "linkpath";
  if (is_global && (is_framing || key.starts_with("GNU.sparse."))) {
    fail(sys::format("a global header sets \"{}\" of all entries", key));
  }
  if (key == "GNU.sparse.map" && !is_sparse_map(value)) fail("its map of holes is none");
  if (!is_framing) return;
  const auto once = [&](bool& seen) {
    if (seen) fail(sys::format("its pax header has two records \"{}\"", key));
    seen = true;
  };
  if (key == "path") return once(has_pax_path_);
  if (key == "linkpath") return once(has_pax_link_);
  bool seen = pax_size_.has_value();
  once(seen);
  std::uint64_t size = 0;
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), size);
  if (code != std::errc() || end != value.data() + value.size()) fail("its size is no number");
  pax_size_ = size;
}

void TarFraming::expect_entry(std::uint64_t offset) {
  if (starts_.empty() || starts_.front() != offset) {
    throw sys::Error("where it begins has two meanings: the archive is damaged or made to deceive");
  }
  starts_.pop_front();
}

}  // namespace snapshotter
