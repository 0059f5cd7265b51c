// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/tar_writer.h"

#include <cstring>
#include <optional>
#include <span>

#include "sys/format.h"

namespace snapshotter {
namespace {

constexpr std::size_t kTarBlock = 512;

struct Header {  // on disk; Source: pax(1p)
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, linkname[100],
      magic[6], version[2], uname[32], gname[32], major[8], minor[8], prefix[155], unused[12];
};
static_assert(sizeof(Header) == kTarBlock);

constexpr std::uint64_t largest(std::size_t width) {
  return (std::uint64_t{1} << (3 * (width - 1))) - 1;
}

void put_octal(std::span<char> field, std::uint64_t value) {
  for (std::size_t i = field.size() - 1; i-- > 0; value >>= 3U) {
    field[i] = static_cast<char>('0' + (value & 7U));
  }
}

void put_text(std::span<char> field, std::string_view text) {
  std::memcpy(field.data(), text.data(), text.size());
}

// Where `path` is cut so that both parts fit: prefix and name.
std::optional<std::size_t> cut_of(std::string_view path) {
  constexpr std::size_t kName = 100, kPrefix = 155;
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos && slash <= kPrefix;
       slash = path.find('/', slash + 1)) {
    const std::size_t rest = path.size() - slash - 1;
    if (slash > 0 && rest > 0 && rest <= kName) return slash;
  }
  return std::nullopt;
}

// "LENGTH KEY=VALUE\n", the length with itself.
void add_record(std::string& records, std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (std::to_string(length).size() + rest != length) {
    length = std::to_string(length).size() + rest;
  }
  records += std::to_string(length);
  records += ' ';
  records += key;
  records += '=';
  records += value;
  records += '\n';
}

std::string time_text(const sys::Time& time) {
  if (time.nanoseconds == 0) return std::to_string(time.seconds);
  // -1.25 is second -2 and three quarters.
  const bool is_negative = time.seconds < 0;
  const std::int64_t seconds = is_negative ? -(time.seconds + 1) : time.seconds;
  const std::uint32_t nanoseconds =
      is_negative ? 1'000'000'000 - time.nanoseconds : time.nanoseconds;
  std::string text = sys::format("{}{}.{:09}", is_negative ? "-" : "", seconds, nanoseconds);
  while (text.back() == '0') text.pop_back();
  return text;
}

char type_of(const Entry& entry) {
  switch (entry.type) {
    case 0:
      return '1';
    case S_IFLNK:
      return '2';
    case S_IFCHR:
      return '3';
    case S_IFBLK:
      return '4';
    case S_IFDIR:
      return '5';
    case S_IFIFO:
      return '6';
    default:
      return '0';
  }
}

void put_checksum(Header& header) {
  std::memset(header.checksum, ' ', sizeof(header.checksum));
  unsigned sum = 0;
  for (const char byte : std::span(reinterpret_cast<const char*>(&header), sizeof(header))) {
    sum += static_cast<unsigned char>(byte);
  }
  put_octal(std::span(header.checksum, 7), sum);
  header.checksum[6] = '\0';
}

// Fills the header; what it has no room for becomes records.
void put_path(Header& header, const std::string& path, std::string& records) {
  if (path.size() <= sizeof(header.name)) return put_text(header.name, path);
  if (const auto cut = cut_of(path)) {
    put_text(header.prefix, std::string_view(path).substr(0, *cut));
    return put_text(header.name, std::string_view(path).substr(*cut + 1));
  }
  add_record(records, "path", path);
  put_text(header.name, std::string_view(path).substr(0, sizeof(header.name)));
}

void put_number(std::span<char> field, std::uint64_t value, const char* key, std::string& records) {
  if (value <= largest(field.size())) return put_octal(field, value);
  add_record(records, key, std::to_string(value));
  put_octal(field, 0);
}

std::string_view view(const Header& header) {
  return {reinterpret_cast<const char*>(&header), sizeof(header)};
}

void put_constants(Header& header) {
  std::memcpy(header.magic, "ustar", sizeof(header.magic));
  std::memcpy(header.version, "00", sizeof(header.version));
}

}  // namespace

void TarWriter::pad(std::uint64_t size) {
  sink_.add_zeros(static_cast<std::size_t>((kTarBlock - size % kTarBlock) % kTarBlock));
}

void TarWriter::finish() { sink_.add_zeros(2 * kTarBlock); }

void TarWriter::add_header(const Entry& entry) {
  Header header = {};
  std::string records;
  const bool is_directory = entry.type == S_IFDIR;
  put_path(header, is_directory ? entry.path + '/' : entry.path, records);
  put_octal(header.mode, entry.mode);
  put_number(header.uid, entry.uid, "uid", records);
  put_number(header.gid, entry.gid, "gid", records);
  put_number(header.size, entry.size, "size", records);
  const bool fits = entry.time.nanoseconds == 0 && entry.time.seconds >= 0 &&
                    static_cast<std::uint64_t>(entry.time.seconds) <= largest(sizeof(header.mtime));
  if (!fits) add_record(records, "mtime", time_text(entry.time));
  put_octal(header.mtime, entry.time.seconds < 0 ? 0
                                                 : static_cast<std::uint64_t>(entry.time.seconds) &
                                                       largest(sizeof(header.mtime)));
  if (entry.target.size() > sizeof(header.linkname)) {
    add_record(records, "linkpath", entry.target);
  }
  put_text(header.linkname, std::string_view(entry.target).substr(0, sizeof(header.linkname)));
  header.type = type_of(entry);
  if (entry.type == S_IFCHR || entry.type == S_IFBLK) {
    put_octal(header.major, entry.major);
    put_octal(header.minor, entry.minor);
  }
  for (const auto& [name, value] : entry.attributes) {
    add_record(records, "SCHILY.xattr." + name, value);
  }
  put_constants(header);
  put_checksum(header);
  if (!records.empty()) {
    Header extended = {};
    const std::string_view name = entry.path;
    put_text(extended.name, "PaxHeaders/");
    const std::size_t start = name.size() > 80 ? name.size() - 80 : 0;
    std::memcpy(extended.name + 11, name.data() + start, name.size() - start);
    put_octal(extended.mode, 0644);
    put_octal(extended.uid, 0);
    put_octal(extended.gid, 0);
    put_octal(extended.size, records.size());
    put_octal(extended.mtime, 0);
    extended.type = 'x';
    put_constants(extended);
    put_checksum(extended);
    sink_.add(view(extended));
    sink_.add(records);
    pad(records.size());
  }
  sink_.add(view(header));
}

}  // namespace snapshotter
