// SPDX-License-Identifier: Apache-2.0
// What the attacks share: a canary on the host, hostile files in an image, and a flipping thread.
#pragma once

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "sys/error.h"
#include "tests/support/harness.h"

/// A directory of the host's that no container may change or show.
class Canary {
 public:
  Canary() { support::write_text(file(), "host", 0600); }
  const std::string& path() const { return directory_.path(); }
  std::string file() const { return directory_ / "file"; }
  bool is_untouched() const {
    struct stat status = {};
    return support::names_in(path()) == std::vector<std::string>{"file"} &&
           support::read_text(file()) == "host" && ::lstat(file().c_str(), &status) == 0 &&
           (status.st_mode & 07777U) == 0600 && status.st_uid == ::geteuid();
  }

 private:
  support::TempDirectory directory_;
};

/// Replaces `path`, whatever it is, by a symlink.
inline void plant_symlink(const std::string& target, const std::string& path) {
  std::filesystem::remove_all(path);
  std::filesystem::create_symlink(target, path);
}

inline void add_attacker(const support::Bundle& bundle) {
  std::filesystem::copy_file(support::own_directory() + "/attack", bundle.rootfs() + "/bin/attack");
}

/// A FIFO at `path`, and a writer who waits until somebody opens it for reading.
class Snare {
 public:
  explicit Snare(const std::string& path) : path_(path) {
    if (::mkfifo(path.c_str(), 0666) != 0) throw sys::errno_error("mkfifo");
    ::chmod(path.c_str(), 0666);
    writer_.emplace(std::vector<std::string>{"sh", "-c", "echo waits; echo x > \"$0\"", path});
    writer_->wait_for("waits");
  }
  /// Whether nobody ever did.
  bool is_untouched() { return !sys::wait_until_ended(writer_->pidfd(), 50); }

 private:
  std::string path_;
  std::optional<support::Program> writer_;  // killed with it
};

/// A thread that exchanges two names until it goes, as fast as it can.
class Flipper {
 public:
  Flipper(std::string one, std::string other)
      : one_(std::move(one)), other_(std::move(other)), thread_([this] { flip(); }) {}
  ~Flipper() { stop(); }
  Flipper(const Flipper&) = delete;
  Flipper& operator=(const Flipper&) = delete;
  /// How often it did.
  long stop() {
    is_done_ = true;
    if (thread_.joinable()) thread_.join();
    return count_;
  }

 private:
  void flip() {
    while (!is_done_) {
      if (::renameat2(AT_FDCWD, one_.c_str(), AT_FDCWD, other_.c_str(), RENAME_EXCHANGE) == 0) {
        ++count_;
      }
    }
  }
  std::string one_, other_;
  std::atomic<bool> is_done_ = false;
  std::atomic<long> count_ = 0;
  std::thread thread_;
};

/// An image with a /dev of its own: nothing is mounted on it, so all of it is the attacker's.
inline void use_dev_of_image(config::RuntimeSpec& spec) {
  std::erase_if(spec.mounts,
                [](const config::Mount& mount) { return mount.destination.starts_with("/dev"); });
}
