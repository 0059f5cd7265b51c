// SPDX-License-Identifier: Apache-2.0
// Where the entries of a tar begin and end, told from the same bytes that libarchive gets, and
// compared with what it makes of them. What readers are known to disagree about (two sizes, two
// names, content of what has none) is refused: whoever scans an archive must see what we unpack
// (CVE-2025-62518 and its kin). Source: pax(1p), "ustar Interchange Format", "pax Extended Header".
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace snapshotter {

class TarFraming {
 public:
  /// max_extended: bytes of one pax header.
  explicit TarFraming(std::uint64_t max_extended) : max_extended_(max_extended) {}

  /// The archive's next bytes. Errors: what has two meanings, with its place.
  void add(std::string_view bytes);
  /// An entry begins at `offset`, says libarchive. Errors: it doesn't.
  void expect_entry(std::uint64_t offset);

 private:
  enum class Part { kHeader, kSparseMap, kRecords, kGlobalRecords, kSkipped };

  void take_block(std::string_view block);
  void take_header(std::string_view header);
  void take_entry(std::string_view header, std::uint64_t size);
  void take_records(std::string_view records, bool is_global);
  void take_record(std::string_view key, std::string_view value, bool is_global);
  void begin_content(std::uint64_t size);
  [[noreturn]] void fail(const std::string& why) const;

  std::uint64_t max_extended_;
  std::string rest_;              // of a block, or of records, that aren't whole yet
  std::uint64_t position_ = 0;    // of what comes next
  std::uint64_t to_skip_ = 0;     // content and padding
  std::uint64_t to_collect_ = 0;  // records, without their padding
  std::uint64_t content_ = 0;     // behind a sparse map
  std::uint64_t start_ = 0;       // of the entry, its extended headers included
  Part part_ = Part::kHeader;
  bool is_done_ = false;
  bool is_extended_ = false;  // a pax or GNU header came for the entry that follows
  bool has_pax_ = false, has_long_name_ = false, has_long_link_ = false;
  std::optional<std::uint64_t> pax_size_;
  bool has_pax_path_ = false, has_pax_link_ = false;
  std::deque<std::uint64_t> starts_;  // of entries that libarchive hasn't come to
};

}  // namespace snapshotter
