// SPDX-License-Identifier: Apache-2.0
// The log's format, its files, and its reader.
#include <fcntl.h>

#include <catch2/catch.hpp>

#include "shim/monitor/log_format.h"
#include "shim/monitor/log_reader.h"
#include "shim/monitor/log_writer.h"
#include "sys/error.h"
#include "tests/support/harness.h"

using namespace shim;
using Catch::Matchers::Contains;
using support::read_text;

namespace {

constexpr LogTime kTime{std::chrono::nanoseconds(1'700'000'000'000'000'005)};
const std::string kStamp = "2023-11-14T22:13:20.000000005Z";

struct Log {
  explicit Log(std::uint64_t max_size = 0, std::uint32_t max_files = 1)
      : config{.path = files / "log", .max_size = max_size, .max_files = max_files},
        writer(config, [this](const std::string& text) { complaints.push_back(text); }) {}
  std::string text(const std::string& suffix = "") const { return read_text(config.path + suffix); }

  std::vector<std::string> read(LogOptions options = {}) const {
    std::vector<std::string> texts;
    options.path = config.path;
    options.sink = [&](const LogLine& line) {
      texts.push_back(std::string(line.text) + (line.is_complete ? "" : "..."));
      return true;
    };
    read_log(options);
    return texts;
  }

  support::TempDirectory files;
  LogConfig config;
  std::vector<std::string> complaints;
  LogWriter writer;
};

}  // namespace

TEST_CASE("log: a line is time, stream, tag and text", "[shim][log]") {
  Log log;
  log.writer.write(false, "one\n\ntwo\n", kTime);
  log.writer.write(true, "bad\n", kTime);
  CHECK(log.text() == kStamp + " stdout F one\n" + kStamp + " stdout F \n" + kStamp +
                          " stdout F two\n" + kStamp + " stderr F bad\n");
}

TEST_CASE("log: what has no newline yet is written at once, as a part", "[shim][log]") {
  Log log;
  log.writer.write(false, "Password: ", kTime);
  CHECK(log.text() == kStamp + " stdout P Password: \n");
  log.writer.write(false, "\nnext\n", kTime);
  CHECK(log.text() ==
        kStamp + " stdout P Password: \n" + kStamp + " stdout F \n" + kStamp + " stdout F next\n");
}

TEST_CASE("log: a long line is told in parts of 16 KiB", "[shim][log]") {
  Log log;
  const std::string line(2 * kMaxLogText + 5, 'x');
  log.writer.write(false, line + "\n", kTime);
  const std::string whole(kMaxLogText, 'x');
  CHECK(log.text() == kStamp + " stdout P " + whole + "\n" + kStamp + " stdout P " + whole + "\n" +
                          kStamp + " stdout F xxxxx\n");
}

TEST_CASE("log: a line of exactly 16 KiB is whole", "[shim][log]") {
  Log log;
  const std::string whole(kMaxLogText, 'x');
  log.writer.write(false, whole + "\n", kTime);
  CHECK(log.text() == kStamp + " stdout F " + whole + "\n");
}

TEST_CASE("log: every byte that a program may write survives", "[shim][log]") {
  Log log;
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  log.writer.write(false, all + "\n", kTime);
  const std::vector<std::string> lines = log.read();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] + "\n" + lines[1] == all);
}

TEST_CASE("log: files are no larger than they may be, and no more", "[shim][log]") {
  Log log(200, 3);  // four records fit
  for (int i = 0; i < 20; ++i) log.writer.write(false, std::to_string(i) + "\n", kTime);
  CHECK(support::names_in(log.files.path()) == std::vector<std::string>{"log", "log.1", "log.2"});
  CHECK(log.text().size() <= 200);
  CHECK(log.read() == std::vector<std::string>{"8", "9", "10", "11", "12", "13", "14", "15", "16",
                                               "17", "18", "19"});
}

TEST_CASE("log: rotation in the middle of a large write splits no record", "[shim][log]") {
  Log log(1000, 50);
  std::string text;
  for (int i = 0; i < 500; ++i) text += std::to_string(i) + "\n";
  log.writer.write(false, text, kTime);
  std::string back;
  for (const std::string& line : log.read()) back += line + "\n";
  CHECK(back == text);
  CHECK(log.text(".7").size() <= 1000);
}

TEST_CASE("log: a single file is emptied", "[shim][log]") {
  Log log(100, 1);
  for (int i = 0; i < 5; ++i) log.writer.write(false, std::to_string(i) + "\n", kTime);
  CHECK(support::names_in(log.files.path()) == std::vector<std::string>{"log"});
  CHECK(log.read() == std::vector<std::string>{"4"});
}

TEST_CASE("log: an existing file is gone on with", "[shim][log]") {
  Log log;
  log.writer.write(false, "one\n", kTime);
  LogWriter second(log.config, [](const std::string&) {});
  second.write(false, "two\n", kTime);
  CHECK(log.read() == std::vector<std::string>{"one", "two"});
}

TEST_CASE("log: after a move by others it is opened anew when asked for", "[shim][log]") {
  Log log;
  log.writer.write(false, "one\n", kTime);
  REQUIRE(std::rename(log.config.path.c_str(), (log.config.path + ".old").c_str()) == 0);
  log.writer.reopen();
  log.writer.write(false, "two\n", kTime);
  CHECK(log.read() == std::vector<std::string>{"two"});
}

TEST_CASE("log: a disk that takes nothing is complained of once, and costs no more",
          "[shim][log]") {
  std::vector<std::string> complaints;
  LogWriter writer({.path = "/dev/full"},
                   [&](const std::string& text) { complaints.push_back(text); });
  writer.write(false, "one\n", kTime);
  writer.write(false, "two\n", kTime);
  REQUIRE(complaints.size() == 1);
  CHECK_THAT(complaints[0], Contains("No space left"));
}

TEST_CASE("log reader: the tail, over several files", "[shim][log]") {
  Log log(200, 10);
  for (int i = 0; i < 10; ++i) log.writer.write(false, std::to_string(i) + "\n", kTime);
  for (const std::uint64_t tail : {0, 1, 2, 3, 7, 10, 99}) {
    INFO(tail);
    const std::vector<std::string> lines = log.read({.tail = tail});
    CHECK(lines.size() == std::min<std::uint64_t>(tail, 10));
    if (!lines.empty()) CHECK(lines.back() == "9");
  }
}

TEST_CASE("log reader: a line without its end is one of the tail", "[shim][log]") {
  Log log;
  log.writer.write(false, "one\ntwo\nprompt> ", kTime);
  CHECK(log.read({.tail = 2}) == std::vector<std::string>{"two", "prompt> ..."});
}

TEST_CASE("log reader: since and until", "[shim][log]") {
  Log log;
  for (int i = 0; i < 5; ++i) {
    log.writer.write(false, std::to_string(i) + "\n", kTime + std::chrono::seconds(i));
  }
  const auto at = [](int i) { return format_log_time(kTime + std::chrono::seconds(i)); };
  CHECK(log.read({.since = at(3)}) == std::vector<std::string>{"3", "4"});
  CHECK(log.read({.until = at(1)}) == std::vector<std::string>{"0", "1"});
  CHECK(log.read({.since = at(1), .until = at(2)}) == std::vector<std::string>{"1", "2"});
}

TEST_CASE("log reader: what is no record is passed over", "[shim][log]") {
  Log log;
  log.writer.write(false, "one\n", kTime);
  support::write_text(log.config.path, log.text() + "rubbish\n\n" + std::string(200000, 'x') +
                                           "\n" + kStamp + " stdout X no tag\n" + kStamp +
                                           " stdout F two\n");
  CHECK(log.read() == std::vector<std::string>{"one", "two"});
}

TEST_CASE("log reader: no log is an error that names it", "[shim][log]") {
  const support::TempDirectory files;
  CHECK_THROWS_WITH(read_log({.path = files / "log"}), Contains(files / "log"));
}
