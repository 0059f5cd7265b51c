// SPDX-License-Identifier: Apache-2.0
// The jobs as bytes. Of a mapping only what the worker needs goes over: it is in the user namespace
// already, where the archive's ids are what they are.
#include "snapshotter/layer/parcel.h"
#include "snapshotter/layer/protocol.h"

namespace snapshotter::protocol {
namespace {

constexpr std::size_t kMaxPath = 65536;
constexpr std::size_t kMaxText = std::size_t{16} << 20;  // of a document in a Join

void write_mapping(Writer& writer, const Mapping& mapping) {
  writer.number(static_cast<std::uint8_t>(mapping.ownership));
  writer.text(mapping.overlay_prefix);
}

Mapping read_mapping(Reader& reader) {
  Mapping mapping;
  mapping.ownership = reader.choice(Ownership::kRecorded);
  mapping.overlay_prefix = reader.text(64);
  return mapping;
}

void write_limits(Writer& writer, const Limits& limits) {
  for (const std::uint64_t limit :
       {limits.entries, limits.bytes, limits.depth, limits.xattr_bytes, limits.ratio}) {
    writer.number(limit);
  }
}

Limits read_limits(Reader& reader) {
  Limits limits;
  for (std::uint64_t* limit :
       {&limits.entries, &limits.bytes, &limits.depth, &limits.xattr_bytes, &limits.ratio}) {
    *limit = reader.number<std::uint64_t>();
  }
  return limits;
}

}  // namespace

Parcel encode(std::uint32_t job, const UnpackJob& call) {
  Writer writer(Kind::kUnpack, job);
  for (const int fd : {call.archive, call.directory, call.keep, call.owners}) writer.descriptor(fd);
  write_mapping(writer, call.mapping);
  write_limits(writer, call.limits);
  writer.digest(call.expected_digest);
  writer.digest(call.expected_diff_id);
  writer.number(static_cast<std::uint8_t>(call.expected_size ? 1 : 0));
  writer.number(call.expected_size.value_or(0));
  writer.number(static_cast<std::uint8_t>(call.may_be_xz_or_bzip2 ? 1 : 0));
  return writer.take();
}

UnpackJob decode_unpack(const Received& from) {
  Reader reader(from);
  UnpackJob call;
  call.archive = reader.required_descriptor();
  call.directory = reader.required_descriptor();
  call.keep = reader.descriptor();
  call.owners = reader.descriptor();
  call.mapping = read_mapping(reader);
  call.limits = read_limits(reader);
  call.expected_digest = reader.digest();
  call.expected_diff_id = reader.digest();
  const bool has_size = reader.boolean();
  const auto size = reader.number<std::uint64_t>();
  if (has_size) call.expected_size = size;
  call.may_be_xz_or_bzip2 = reader.boolean();
  reader.finish();
  return call;
}

Parcel encode(std::uint32_t job, const PackJob& call) {
  Writer writer(Kind::kPack, job);
  writer.number(static_cast<std::uint32_t>(call.sources.size()));
  for (const int source : call.sources) writer.descriptor(source);
  writer.number(static_cast<std::uint32_t>(call.owners.size()));
  for (const int owners : call.owners) writer.descriptor(owners);
  writer.number(static_cast<std::uint32_t>(call.changes.size()));
  for (const Change& change : call.changes) {
    writer.number(static_cast<std::uint8_t>(change.kind));
    writer.number(change.source);
    writer.text(change.path);
    if (change.kind == ChangeKind::kDeleted) continue;
    writer.text(change.source_path);
    writer.number(change.data_source);
    writer.text(change.data_path);
    writer.number(change.owner_source);
    writer.number(change.time_source);
  }
  writer.number(static_cast<std::uint8_t>(call.whole ? 1 : 0));
  writer.descriptor(call.output);
  writer.number(static_cast<std::uint8_t>(call.compression));
  write_mapping(writer, call.mapping);
  writer.number(static_cast<std::uint8_t>(call.clamp_time ? 1 : 0));
  writer.number(call.clamp_time.value_or(0));
  writer.number(static_cast<std::uint8_t>(call.digest_only ? 1 : 0));
  return writer.take();
}

PackJob decode_pack(const Received& from) {
  Reader reader(from);
  PackJob call;
  for (std::uint32_t count = reader.count(1); count > 0; --count) {
    call.sources.push_back(reader.required_descriptor());
  }
  for (std::uint32_t count = reader.count(1); count > 0; --count) {
    call.owners.push_back(reader.descriptor());
  }
  call.changes.resize(reader.count(9));
  for (Change& change : call.changes) {
    change.kind = reader.choice(ChangeKind::kDeleted);
    change.source = reader.number<std::uint32_t>();
    change.path = reader.text(kMaxPath);
    if (change.kind == ChangeKind::kDeleted) continue;
    change.source_path = reader.text(kMaxPath);
    change.data_source = reader.number<std::uint32_t>();
    change.data_path = reader.text(kMaxPath);
    change.owner_source = reader.number<std::uint32_t>();
    change.time_source = reader.number<std::uint32_t>();
    for (const std::uint32_t source : {change.source, change.data_source, change.time_source}) {
      if (source >= call.sources.size()) Reader::fail();
    }
  }
  call.whole = reader.boolean();
  call.output = reader.descriptor();
  call.compression = reader.choice(Compression::kZstd);
  call.mapping = read_mapping(reader);
  const bool clamps = reader.boolean();
  const auto time = reader.number<std::int64_t>();
  if (clamps) call.clamp_time = time;
  call.digest_only = reader.boolean();
  reader.finish();
  if (call.whole && call.sources.empty()) Reader::fail();
  if (!call.digest_only && call.output < 0) Reader::fail();
  return call;
}

Parcel encode(std::uint32_t job, const SplitJob& call) {
  Writer writer(Kind::kSplit, job);
  writer.descriptor(call.archive);
  writer.descriptor(call.directory);
  writer.number(call.max_members);
  write_limits(writer, call.limits);
  return writer.take();
}

SplitJob decode_split(const Received& from) {
  Reader reader(from);
  SplitJob call;
  call.archive = reader.required_descriptor();
  call.directory = reader.required_descriptor();
  call.max_members = reader.number<std::uint64_t>();
  call.limits = read_limits(reader);
  reader.finish();
  return call;
}

Parcel encode(std::uint32_t job, const JoinJob& call) {
  Writer writer(Kind::kJoin, job);
  writer.descriptor(call.output);
  writer.number(static_cast<std::uint32_t>(call.parts.size()));
  for (const JoinJob::Part& part : call.parts) {
    writer.text(part.name);
    writer.descriptor(part.file);
    writer.text(part.text);
    writer.number(static_cast<std::uint8_t>(part.is_directory ? 1 : 0));
  }
  return writer.take();
}

JoinJob decode_join(const Received& from) {
  Reader reader(from);
  JoinJob call;
  call.output = reader.required_descriptor();
  call.parts.resize(reader.count(10));
  for (JoinJob::Part& part : call.parts) {
    part.name = reader.text(kMaxPath);
    part.file = reader.descriptor();
    part.text = reader.text(kMaxText);
    part.is_directory = reader.boolean();
  }
  reader.finish();
  return call;
}

}  // namespace snapshotter::protocol
