// SPDX-License-Identifier: Apache-2.0
#include "tests/support/archive.h"

#include <string.h>

#include "sys/error.h"
#include "sys/format.h"
#include "tests/support/harness.h"

namespace support {
namespace {

constexpr std::size_t kBlock = 512;

std::string padded(std::string bytes) {
  bytes.resize((bytes.size() + kBlock - 1) / kBlock * kBlock);
  return bytes;
}

void put(std::string& header, std::size_t offset, std::size_t width, std::string_view text) {
  header.replace(offset, std::min(width, text.size()), text.substr(0, width));
}

std::string octal(std::uint64_t value, int width) { return sys::format("{:0{}o}", value, width); }

std::string header_of(const TarEntry& entry, std::uint64_t size) {
  std::string header(kBlock, '\0');
  put(header, 0, 100, entry.name);
  put(header, 100, 8, octal(entry.mode, 7));
  put(header, 108, 8, octal(entry.uid, 7));
  put(header, 116, 8, octal(entry.gid, 7));
  put(header, 124, 12, entry.size_field.empty() ? octal(size, 11) : entry.size_field);
  put(header, 136, 12, octal(entry.time < 0 ? 0 : static_cast<std::uint64_t>(entry.time), 11));
  header[156] = entry.type;
  put(header, 157, 100, entry.target);
  put(header, 257, 8,
      entry.is_gnu ? std::string_view("ustar  \0", 8) : std::string_view("ustar\00000", 8));
  if (entry.type == '3' || entry.type == '4') {
    put(header, 329, 8, octal(entry.major, 7));
    put(header, 337, 8, octal(entry.minor, 7));
  }
  put(header, 148, 8, "        ");
  unsigned sum = 0;
  for (const char byte : header) sum += static_cast<unsigned char>(byte);
  put(header, 148, 8, octal(sum, 6) + std::string("\0 ", 2));
  return header;
}

}  // namespace

std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (std::to_string(length).size() + rest != length) {
    length = std::to_string(length).size() + rest;
  }
  return sys::format("{} {}={}\n", length, key, value);
}

std::string tar_entry(const TarEntry& entry) {
  std::string bytes;
  if (!entry.pax.empty()) {
    std::string records;
    for (const auto& [key, value] : entry.pax) records += pax_record(key, value);
    bytes +=
        header_of({.name = "PaxHeaders/" + entry.name, .type = 'x', .time = 0}, records.size());
    bytes += padded(records);
  }
  return bytes + header_of(entry, entry.content.size()) + padded(entry.content);
}

std::string tar_of(const std::vector<TarEntry>& entries) {
  std::string bytes;
  for (const TarEntry& entry : entries) bytes += tar_entry(entry);
  return bytes + std::string(2 * kBlock, '\0');
}

std::string compressed(const std::string& program, const std::string& bytes) {
  const Result result = run({program, "-q", "-c"}, {.input = bytes});
  if (result.exit_code != 0) throw sys::Error(program + ": " + result.err);
  return result.out;
}

}  // namespace support
