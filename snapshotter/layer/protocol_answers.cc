// SPDX-License-Identifier: Apache-2.0
// What the worker says back. Its paths are used by whoever asked, so that they are refused unless
// they lead down.
#include <algorithm>

#include "snapshotter/layer/parcel.h"
#include "snapshotter/layer/protocol.h"
#include "sys/error.h"
#include "sys/log.h"
#include "sys/open.h"

namespace snapshotter::protocol {
namespace {

constexpr std::size_t kMaxPath = 65536;
constexpr std::size_t kMaxText = 8192;  // of an error or a warning

std::string read_path(Reader& reader) {
  std::string path = reader.text(kMaxPath);
  if (sys::RelPath::parse(path).str() != path) Reader::fail();
  return path;
}

std::vector<std::string> read_paths(Reader& reader) {
  std::vector<std::string> paths(reader.count(sizeof(std::uint32_t)));
  for (std::string& path : paths) path = read_path(reader);
  return paths;
}

config::Digest required_digest(Reader& reader) {
  config::Digest digest = reader.digest();
  if (digest.empty()) Reader::fail();
  return digest;
}

void expect(const Received& from, Kind kind) {
  if (from.kind != kind || !from.fds.empty()) Reader::fail();
}

}  // namespace

Parcel encode(std::uint32_t job, const UnpackAnswer& answer) {
  const Unpacked& unpacked = answer.unpacked;
  Writer writer(Kind::kDone, job);
  writer.digest(unpacked.digest);
  writer.digest(unpacked.diff_id);
  writer.number(unpacked.size);
  writer.number(unpacked.diff_size);
  writer.number(static_cast<std::uint8_t>(unpacked.compression));
  writer.number(unpacked.entries);
  writer.number(unpacked.file_bytes);
  writer.number(unpacked.recorded);
  writer.texts(unpacked.implied);
  writer.number(static_cast<std::uint32_t>(unpacked.links_below.size()));
  for (const auto& [name, target] : unpacked.links_below) {
    writer.text(name);
    writer.text(target);
  }
  writer.texts(unpacked.warnings);
  writer.texts(answer.opaque);
  return writer.take();
}

UnpackAnswer decode_unpacked(const Received& from) {
  expect(from, Kind::kDone);
  Reader reader(from);
  UnpackAnswer answer;
  Unpacked& unpacked = answer.unpacked;
  unpacked.digest = required_digest(reader);
  unpacked.diff_id = required_digest(reader);
  unpacked.size = reader.number<std::uint64_t>();
  unpacked.diff_size = reader.number<std::uint64_t>();
  unpacked.compression = reader.choice(Compression::kBzip2);
  unpacked.entries = reader.number<std::uint64_t>();
  unpacked.file_bytes = reader.number<std::uint64_t>();
  unpacked.recorded = reader.number<std::uint64_t>();
  unpacked.implied = read_paths(reader);
  for (std::uint32_t count = reader.count(8); count > 0; --count) {
    std::string name = read_path(reader);
    unpacked.links_below.emplace_back(std::move(name), read_path(reader));
  }
  for (std::string& warning : unpacked.warnings = reader.texts(kMaxText)) {
    warning = sys::terminal_safe(warning);
  }
  answer.opaque = read_paths(reader);
  reader.finish();
  return answer;
}

Parcel encode(std::uint32_t job, const Packed& answer) {
  Writer writer(Kind::kDone, job);
  writer.digest(answer.digest);
  writer.digest(answer.diff_id);
  writer.number(answer.size);
  writer.number(answer.diff_size);
  writer.number(answer.entries);
  return writer.take();
}

Packed decode_packed(const Received& from) {
  expect(from, Kind::kDone);
  Reader reader(from);
  Packed packed;
  packed.digest = required_digest(reader);
  packed.diff_id = required_digest(reader);
  packed.size = reader.number<std::uint64_t>();
  packed.diff_size = reader.number<std::uint64_t>();
  packed.entries = reader.number<std::uint64_t>();
  reader.finish();
  return packed;
}

Parcel encode(std::uint32_t job, const std::vector<Member>& answer) {
  Writer writer(Kind::kDone, job);
  writer.number(static_cast<std::uint32_t>(answer.size()));
  for (const Member& member : answer) {
    writer.text(member.name);
    writer.text(member.file);
    writer.number(member.size);
    writer.digest(member.digest);
  }
  return writer.take();
}

std::vector<Member> decode_members(const Received& from) {
  expect(from, Kind::kDone);
  Reader reader(from);
  std::vector<Member> members(reader.count(20));
  for (Member& member : members) {
    member.name = read_path(reader);
    member.file = read_path(reader);
    if (member.file.empty() || member.file.find('/') != std::string::npos) Reader::fail();
    member.size = reader.number<std::uint64_t>();
    member.digest = required_digest(reader);
  }
  reader.finish();
  return members;
}

Parcel encode_done(std::uint32_t job) { return Writer(Kind::kDone, job).take(); }

Parcel encode_progress(std::uint64_t bytes) {
  Writer writer(Kind::kProgress, 0);
  writer.number(bytes);
  return writer.take();
}

std::uint64_t decode_progress(const Received& from) {
  expect(from, Kind::kProgress);
  Reader reader(from);
  const auto bytes = reader.number<std::uint64_t>();
  reader.finish();
  return bytes;
}

Parcel encode_failure(std::uint32_t job, const sys::Error& error) {
  Writer writer(Kind::kFailed, job);
  writer.number(static_cast<std::int32_t>(error.code()));
  writer.text(std::string_view(error.what()).substr(0, kMaxText));
  writer.text(std::string_view(error.hint()).substr(0, kMaxText));
  return writer.take();
}

sys::Error decode_failure(const Received& from) {
  expect(from, Kind::kFailed);
  Reader reader(from);
  const auto code = reader.number<std::int32_t>();
  std::string text = sys::terminal_safe(reader.text(kMaxText));
  std::string hint = sys::terminal_safe(reader.text(kMaxText));
  reader.finish();
  return sys::Error(std::move(text), std::clamp(code, 0, 4095), std::move(hint));
}

}  // namespace snapshotter::protocol
