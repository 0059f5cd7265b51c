// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/tar_reader.h"

#include <archive.h>
#include <archive_entry.h>

#include <limits>

#include "sys/error.h"
#include "sys/format.h"

namespace snapshotter {
namespace {

constexpr std::int64_t kMaxId = std::numeric_limits<uid_t>::max() - std::int64_t{1};

constexpr std::uint64_t kMaxExtended = std::uint64_t{1} << 20;  // libarchive takes no more

std::uint32_t id_of(std::int64_t id, const char* what) {
  if (id < 0 || id > kMaxId) throw sys::Error(sys::format("{} {} is none", what, id));
  return static_cast<std::uint32_t>(id);
}

std::string text_of(const char* text) { return text == nullptr ? std::string() : text; }

}  // namespace

TarReader::TarReader(Stream& stream, std::uint64_t max_attributes)
    : stream_(stream),
      framing_(kMaxExtended),
      max_attributes_(max_attributes),
      archive_(archive_read_new(), &archive_read_free) {
  if (!archive_) throw std::bad_alloc();
  check(archive_read_support_format_tar(archive_.get()));
  // Names stay the bytes that they are: none of a header is converted, and what pax says in UTF-8
  // into the C locale, which we never leave, is kept as it is where that can't be.
  check(archive_read_open(archive_.get(), this, nullptr, &TarReader::read_callback, nullptr));
}

long TarReader::read_callback(archive* self, void* data, const void** buffer) {
  auto& reader = *static_cast<TarReader*>(data);
  try {
    const std::string_view piece = reader.stream_.next();
    reader.framing_.add(piece);
    *buffer = piece.data();
    return static_cast<long>(piece.size());
  } catch (...) {  // kept for fail()
    reader.error_ = std::current_exception();
    archive_set_error(self, EIO, "read");
    return ARCHIVE_FATAL;
  }
}

void TarReader::fail() {
  if (error_) std::rethrow_exception(error_);
  const char* text = archive_error_string(archive_.get());
  throw sys::Error(text == nullptr ? "no tar archive" : text);
}

void TarReader::check(int result) {
  if (result != ARCHIVE_OK) fail();
}

// That a name isn't ASCII is no reason to warn; the name itself is there. All else is a fault: the
// library says this last, but only after what it went on after and what means nothing here (ACLs).
bool TarReader::is_about_names(int result) const {
  if (result != ARCHIVE_WARN) return false;
  const char* text = archive_error_string(archive_.get());
  return text != nullptr &&
         std::string_view(text).find("can't be converted from") != std::string_view::npos;
}

bool TarReader::next(Entry& entry) {
  archive_entry* raw = nullptr;
  const int result = archive_read_next_header(archive_.get(), &raw);
  if (result == ARCHIVE_EOF) return false;
  ++count_;
  entry = Entry{.path = {}, .time = {}, .target = {}, .attributes = {}, .number = count_};
  const std::int64_t offset = archive_read_header_position(archive_.get());
  entry.offset = offset < 0 ? 0 : static_cast<std::uint64_t>(offset);
  if (!is_about_names(result)) check(result);
  framing_.expect_entry(entry.offset);
  entry.path = text_of(archive_entry_pathname(raw));
  const char* hard_link = archive_entry_hardlink(raw);
  entry.type = hard_link == nullptr ? archive_entry_filetype(raw) : 0;
  entry.target = text_of(hard_link == nullptr ? archive_entry_symlink(raw) : hard_link);
  entry.mode = archive_entry_perm(raw) & 07777U;
  entry.uid = id_of(archive_entry_uid(raw), "owner");
  entry.gid = id_of(archive_entry_gid(raw), "group");
  const std::int64_t size = archive_entry_size(raw);
  if (size < 0) throw sys::Error("its size is negative");
  entry.size = entry.type == S_IFREG ? static_cast<std::uint64_t>(size) : 0;
  const long nanoseconds = archive_entry_mtime_nsec(raw);
  entry.time = {.seconds = archive_entry_mtime(raw),
                .nanoseconds = static_cast<std::uint32_t>(nanoseconds)};
  if (nanoseconds < 0 || nanoseconds > 999'999'999) throw sys::Error("its time is none");
  // libarchive reads "-2.5" as second -2 and a half more; what lies between -1 and 0 it loses.
  if (entry.time.seconds < 0 && nanoseconds > 0) {
    entry.time = {.seconds = entry.time.seconds - 1,
                  .nanoseconds = static_cast<std::uint32_t>(1'000'000'000 - nanoseconds)};
  }
  if (entry.type == S_IFCHR || entry.type == S_IFBLK) {
    entry.major = static_cast<std::uint32_t>(archive_entry_rdevmajor(raw));
    entry.minor = static_cast<std::uint32_t>(archive_entry_rdevminor(raw));
  }
  read_attributes(raw, entry);
  return true;
}

void TarReader::read_attributes(archive_entry* raw, Entry& entry) const {
  if (archive_entry_xattr_reset(raw) == 0) return;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  std::uint64_t total = 0;
  while (archive_entry_xattr_next(raw, &name, &value, &size) == ARCHIVE_OK) {
    entry.attributes.emplace_back(text_of(name),
                                  std::string(static_cast<const char*>(value), size));
    total += entry.attributes.back().first.size() + size;
    if (total > max_attributes_) {
      throw sys::Error(sys::format(
          "limit \"xattr_bytes\": its extended attributes are larger than {}", max_attributes_));
    }
  }
}

bool TarReader::data(std::string_view& piece, std::uint64_t& offset) {
  const void* buffer = nullptr;
  std::size_t size = 0;
  std::int64_t where = 0;
  const int result = archive_read_data_block(archive_.get(), &buffer, &size, &where);
  if (result == ARCHIVE_EOF) return false;
  check(result);
  if (where < 0) throw sys::Error("its content has no place");
  piece = {static_cast<const char*>(buffer), size};
  offset = static_cast<std::uint64_t>(where);
  return true;
}

}  // namespace snapshotter
