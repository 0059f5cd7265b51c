// SPDX-License-Identifier: Apache-2.0
// What tilla and tilla-layers say to each other over a socket of whole messages. A call or an
// answer is a parcel: bytes and descriptors, cut into fragments that a message holds. Both sides
// are of one build, so that the version is there to be refused, not to be translated. Everything is
// counted and checked by who reads it: the worker has read the archive (INV-8, INV-12).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "snapshotter/layer/worker.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/socket.h"

namespace snapshotter::protocol {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMaxFragment = 30'000;  // below sys::receive_message's limit
constexpr std::size_t kMaxParcel = std::size_t{512} << 20;
constexpr std::size_t kMaxAnswer = std::size_t{64} << 20;
constexpr std::size_t kMaxDescriptors = 2048;
constexpr std::size_t kMaxJobs = 1024;

/// What the worker finds when it starts.
constexpr int kChannel = 3, kStaging = 4;

enum class Kind : std::uint8_t {
  kUnpack = 1,
  kPack = 2,
  kSplit = 3,
  kJoin = 4,
  kReady = 16,     // the confinement stands
  kProgress = 17,  // bytes read so far, by all jobs
  kDone = 18,
  kFailed = 19,
};

/// A thing to say. Descriptors are the sender's to keep, and to be there until it is sent.
struct Parcel {
  Kind kind = Kind::kReady;
  std::uint32_t job = 0;
  std::string bytes = {};
  std::vector<int> fds = {};
};
/// A thing that was said.
struct Received {
  Kind kind = Kind::kReady;
  std::uint32_t job = 0;
  std::string bytes = {};
  std::vector<sys::Fd> fds = {};
};

/// False: the other side is gone.
bool send(int socket, const Parcel& parcel);

/// Puts fragments together again.
class Assembler {
 public:
  explicit Assembler(std::size_t max_bytes) : max_bytes_(max_bytes) {}
  /// Something whole, or empty while there is more to come.
  /// Errors: another version, a kind that is none, fragments of two parcels mixed, too much.
  std::optional<Received> add(sys::Message message);

 private:
  std::size_t max_bytes_;
  std::optional<Received> partial_;
};

/// Waits for something whole. Empty: the other side is gone.
std::optional<Received> receive(int socket, Assembler& assembler);

// ---- calls. What is read has descriptors that belong to `from`.
Parcel encode(std::uint32_t job, const UnpackJob& call);
Parcel encode(std::uint32_t job, const PackJob& call);
Parcel encode(std::uint32_t job, const SplitJob& call);
Parcel encode(std::uint32_t job, const JoinJob& call);
UnpackJob decode_unpack(const Received& from);
PackJob decode_pack(const Received& from);
SplitJob decode_split(const Received& from);
JoinJob decode_join(const Received& from);

// ---- answers
/// `opaque`: directories that whoever asked is to mark so himself, since the mark is one of the
/// attributes that a confined process can't set.
struct UnpackAnswer {
  Unpacked unpacked;
  std::vector<std::string> opaque;
};
Parcel encode(std::uint32_t job, const UnpackAnswer& answer);
Parcel encode(std::uint32_t job, const Packed& answer);
Parcel encode(std::uint32_t job, const std::vector<Member>& answer);
Parcel encode_done(std::uint32_t job);
Parcel encode_progress(std::uint64_t bytes);
Parcel encode_failure(std::uint32_t job, const sys::Error& error);
/// Errors: anything that the worker can't have meant: paths that aren't clean, digests that are
/// none, lists without end.
UnpackAnswer decode_unpacked(const Received& from);
Packed decode_packed(const Received& from);
std::vector<Member> decode_members(const Received& from);
std::uint64_t decode_progress(const Received& from);
sys::Error decode_failure(const Received& from);

}  // namespace snapshotter::protocol
