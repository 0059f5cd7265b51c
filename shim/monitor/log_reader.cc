// SPDX-License-Identifier: Apache-2.0
#include "shim/monitor/log_reader.h"

#include <fcntl.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "shim/monitor/log_format.h"
#include "shim/monitor/status.h"
#include "sys/error.h"
#include "sys/event.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/storage.h"
#include "sys/watch.h"

namespace shim {
namespace {

constexpr std::size_t kChunk = 65536;
// The kernel tells of a file's end before it lets go of the locks on it, so one look in a while is
// made untold.
constexpr int kLookAgainMs = 500;

bool is_same_file(int one, int other) {
  const struct stat a = sys::status_of(one), b = sys::status_of(other);
  return a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

// Reads the records of one file. Bytes of no record are passed over, in bounded memory.
class RecordReader {
 public:
  explicit RecordReader(int fd) : fd_(fd) {}

  /// Calls `visit(record, end)` for each record up to the end of the file, as far as it is written;
  /// `end` is the offset behind it. False: `visit` said so.
  template <typename Visit>
  bool read(Visit&& visit) {
    for (;;) {
      const std::size_t had = buffer_.size();
      buffer_.resize(had + kChunk);
      const long count = sys::read_now(fd_, buffer_.data() + had, kChunk).value_or(0);
      if (count < 0) throw sys::Error("read the log", EIO);
      buffer_.resize(had + static_cast<std::size_t>(count));
      if (!take_lines(visit)) return false;
      if (count == 0) return true;
    }
  }

 private:
  template <typename Visit>
  bool take_lines(Visit& visit) {
    std::size_t begin = 0;
    bool goes_on = true;
    while (goes_on) {
      const std::size_t end = buffer_.find('\n', begin);
      if (end == std::string::npos) break;
      offset_ += end + 1 - begin;
      const auto record = parse_record({buffer_.data() + begin, end - begin});
      begin = end + 1;
      if (record) goes_on = visit(*record, offset_);
    }
    if (buffer_.size() - begin > kMaxLogRecord) {  // INV-12
      offset_ += buffer_.size() - begin;
      begin = buffer_.size();
    }
    buffer_.erase(0, begin);
    return goes_on;
  }

  int fd_;
  std::string buffer_;
  std::uint64_t offset_ = 0;
};

class LogReader {
 public:
  explicit LogReader(const LogOptions& options);
  void run();

 private:
  std::vector<sys::Fd> open_files(int known) const;
  void find_tail(std::vector<sys::Fd>& files);
  bool read_file(RecordReader& reader);
  bool show(const LogLine& line);
  void follow(sys::Fd file, RecordReader reader);
  bool is_rotated(int file) const;

  const LogOptions& options_;
  std::string name_;
  sys::Fd directory_;
};

LogReader::LogReader(const LogOptions& options) : options_(options) {
  const std::size_t slash = options.path.rfind('/');
  name_ = options.path.substr(slash + 1);
  directory_ = sys::open_path(options.path.substr(0, slash + 1), O_RDONLY | O_DIRECTORY);
}

void LogReader::run() {
  std::vector<sys::Fd> files = open_files(-1);
  if (files.empty()) throw sys::errno_error(options_.path, ENOENT);
  if (options_.tail) find_tail(files);
  for (std::size_t i = 0; i < files.size(); ++i) {
    RecordReader reader(files[i].get());
    if (!read_file(reader)) return;
    if (i + 1 == files.size() && options_.follows) {
      return follow(std::move(files[i]), std::move(reader));
    }
  }
}

// All that are newer than `known` (-1: all), the oldest first. Opened from the newest on: what is
// renamed meanwhile is met twice, but none is missed.
std::vector<sys::Fd> LogReader::open_files(int known) const {
  std::vector<sys::Fd> files;
  for (unsigned i = 0;; ++i) {
    auto file = sys::open_at_if_exists(directory_.get(),
                                       i == 0 ? name_ : sys::format("{}.{}", name_, i), O_RDONLY);
    if (!file) {
      if (i == 0) continue;  // between two renames the name is nobody's
      break;
    }
    if (known >= 0 && is_same_file(file->get(), known)) break;
    if (files.empty() || !is_same_file(file->get(), files.back().get())) {
      files.push_back(std::move(*file));
    }
  }
  std::ranges::reverse(files);
  return files;
}

// Drops the files before the tail, and leaves the first that stays at its beginning.
void LogReader::find_tail(std::vector<sys::Fd>& files) {
  std::uint64_t wanted = *options_.tail;
  for (std::size_t i = files.size(); i-- > 0;) {
    // Where each of the last lines begins, and the end.
    std::deque<std::uint64_t> starts = {0};
    std::uint64_t last_end = 0;
    RecordReader reader(files[i].get());
    (void)reader.read([&](const LogLine& line, std::uint64_t end) {
      last_end = end;
      if (line.is_complete) starts.push_back(end);
      if (starts.size() > wanted + 1) starts.pop_front();
      return true;
    });
    if (starts.back() != last_end) starts.push_back(last_end);  // a line that has not ended yet
    if (starts.size() > wanted + 1) starts.pop_front();
    if (starts.front() != 0 || wanted == 0) {
      sys::seek_to(files[i].get(), starts.front());
      files.erase(files.begin(), files.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
    sys::rewind(files[i].get());
    wanted -= starts.size() - 1;
  }
}

bool LogReader::read_file(RecordReader& reader) {
  return reader.read([&](const LogLine& line, std::uint64_t) { return show(line); });
}

bool LogReader::show(const LogLine& line) {
  if (!options_.since.empty() && line.time < options_.since) return true;
  if (!options_.until.empty() && line.time > options_.until) return false;
  return options_.sink(line);
}

bool LogReader::is_rotated(int file) const {
  const auto current = sys::open_at_if_exists(directory_.get(), name_, O_RDONLY);
  return current && !is_same_file(current->get(), file);
}

void LogReader::follow(sys::Fd file, RecordReader reader) {
  sys::Watch watch;
  watch.add(directory_.get());
  watch.add(options_.directory);
  std::vector<sys::Waiting> told = {{.fd = watch.fd(), .wants_input = true}};
  for (;;) {
    // Asked before the last look, so that nothing can come after it.
    const bool is_over = !is_monitor_alive(options_.directory);
    const bool rotated = is_rotated(file.get());
    if (!read_file(reader)) return;
    if (rotated) {
      for (sys::Fd& next : open_files(file.get())) {
        reader = RecordReader(next.get());
        file = std::move(next);
        if (!read_file(reader)) return;
      }
      continue;
    }
    if (is_over) return;
    sys::wait_for_any(told, kLookAgainMs);
    watch.clear();
  }
}

}  // namespace

void read_log(const LogOptions& options) { LogReader(options).run(); }

}  // namespace shim
