// SPDX-License-Identifier: Apache-2.0
#include "systemd/bus.h"

#include <systemd/sd-bus.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <map>
#include <span>
#include <utility>

#include "sys/error.h"
#include "sys/format.h"

namespace systemd {
namespace {

constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr const char* kUnit = "org.freedesktop.systemd1.Unit";
constexpr const char* kUnitExists = "org.freedesktop.systemd1.UnitExists";
constexpr std::chrono::seconds kPatience{30};  // runc's, for a job

struct Unref {
  void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, Unref>;

class BusError {
 public:
  BusError() = default;
  ~BusError() { sd_bus_error_free(&error_); }
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  sd_bus_error* get() { return &error_; }
  bool is(const char* name) const { return sd_bus_error_has_name(&error_, name) != 0; }
  const char* text() const { return error_.message; }

 private:
  sd_bus_error error_ = SD_BUS_ERROR_NULL;
};

// sd-bus returns a negative errno.
void check(int code, const std::string& what) {
  if (code < 0) throw sys::errno_error(what, -code);
}

sys::Error call_error(const std::string& what, int code, const BusError& error) {
  if (error.text() == nullptr) return sys::errno_error(what, -code);
  return sys::Error(sys::format("{}: {}", what, error.text()), -code);
}

Message new_call(sd_bus* bus, const std::string& object, const char* interface,
                 const char* method) {
  sd_bus_message* message = nullptr;
  check(sd_bus_message_new_method_call(bus, &message, kService, object.c_str(), interface, method),
        method);
  return Message(message);
}

// One of the manager's own.
Message new_call(sd_bus* bus, const char* method) { return new_call(bus, kPath, kManager, method); }

Message call(sd_bus* bus, const Message& message, BusError& error, int& code) {
  sd_bus_message* reply = nullptr;
  code = sd_bus_call(bus, message.get(), 0, error.get(), &reply);
  return Message(reply);
}

Message call(sd_bus* bus, const Message& message, const std::string& what) {
  BusError error;
  int code = 0;
  Message reply = call(bus, message, error, code);
  if (code < 0) throw call_error(what, code, error);
  return reply;
}

std::string object_path(const Message& reply) {
  const char* path = nullptr;
  check(sd_bus_message_read(reply.get(), "o", &path), "read systemd's answer");
  return path;
}

std::string variable(const char* name) {
  const char* value = ::getenv(name);
  return value != nullptr ? value : "";
}

std::string bus_address(bool of_user) {
  std::string given = variable(of_user ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS");
  if (!given.empty()) return given;
  if (!of_user) return "unix:path=/run/dbus/system_bus_socket";
  std::string directory = variable("XDG_RUNTIME_DIR");
  if (directory.empty()) directory = sys::format("/run/user/{}", ::geteuid());
  return "unix:path=" + directory + "/bus";
}

// ---------------------------------------------------------------------------- units

struct Free {
  void operator()(char* text) const { ::free(text); }
};
using Text = std::unique_ptr<char, Free>;

// Of a unit's name, or of its invocation: systemd takes both.
std::string object_of(const std::string& name) {
  char* path = nullptr;
  check(sd_bus_path_encode("/org/freedesktop/systemd1/unit", name.c_str(), &path), name);
  return Text(path).get();
}

bool is_gone(const BusError& error) {
  return error.is("org.freedesktop.systemd1.NoSuchUnit") ||
         error.is("org.freedesktop.systemd1.NoUnitForInvocationID");
}

std::string read_cgroup(sd_bus* bus, const std::string& object, const std::string& what) {
  BusError error;
  char* cgroup = nullptr;
  const int code =
      sd_bus_get_property_string(bus, kService, object.c_str(), "org.freedesktop.systemd1.Scope",
                                 "ControlGroup", error.get(), &cgroup);
  if (code < 0) throw call_error(what + ": its cgroup", code, error);
  return Text(cgroup).get();
}

std::string read_invocation(sd_bus* bus, const std::string& object, const std::string& what) {
  BusError error;
  sd_bus_message* reply = nullptr;
  int code = sd_bus_get_property(bus, kService, object.c_str(), kUnit, "InvocationID", error.get(),
                                 &reply, "ay");
  const Message owned(reply);
  if (code < 0) throw call_error(what + ": its invocation", code, error);
  const void* bytes = nullptr;
  std::size_t size = 0;
  code = sd_bus_message_read_array(reply, 'y', &bytes, &size);
  check(code, what + ": its invocation");
  std::string digits;
  for (const std::uint8_t byte : std::span(static_cast<const std::uint8_t*>(bytes), size)) {
    digits += sys::format("{:02x}", byte);
  }
  return digits;
}

// ---------------------------------------------------------------------------- properties

template <typename Number>
Number number_of(const Property& property, const std::string& text, int base = 10) {
  Number number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (code != std::errc() || end != text.data() + text.size()) {
    throw sys::Error(sys::format("property {}: \"{}\" is no number", property.name, text), EINVAL);
  }
  return number;
}

std::vector<std::uint8_t> bytes_of(const Property& property) {
  std::vector<std::uint8_t> bytes;
  const std::string& digits = property.values.at(0);
  for (std::size_t at = 0; at < digits.size(); at += 2) {
    bytes.push_back(number_of<std::uint8_t>(property, digits.substr(at, 2), 16));
  }
  return bytes;
}

int append_value(sd_bus_message* message, const Property& property) {
  const std::string& type = property.type;
  if (type == "as") {
    int code = sd_bus_message_open_container(message, 'a', "s");
    for (const std::string& value : property.values) {
      if (code >= 0) code = sd_bus_message_append(message, "s", value.c_str());
    }
    return code < 0 ? code : sd_bus_message_close_container(message);
  }
  if (type == "ay") {
    const std::vector<std::uint8_t> bytes = bytes_of(property);
    return sd_bus_message_append_array(message, 'y', bytes.data(), bytes.size());
  }
  const std::string& value = property.values.at(0);
  if (type == "s") return sd_bus_message_append(message, "s", value.c_str());
  if (type == "b") return sd_bus_message_append(message, "b", value == "true" ? 1 : 0);
  if (type == "t") {
    return sd_bus_message_append(message, "t", number_of<std::uint64_t>(property, value));
  }
  if (type == "i") return sd_bus_message_append(message, "i", number_of<int>(property, value));
  return -EINVAL;
}

void append_property(sd_bus_message* message, const Property& property) {
  int code = sd_bus_message_open_container(message, 'r', "sv");
  if (code >= 0) code = sd_bus_message_append(message, "s", property.name.c_str());
  if (code >= 0) code = sd_bus_message_open_container(message, 'v', property.type.c_str());
  if (code >= 0) code = append_value(message, property);
  if (code >= 0) code = sd_bus_message_close_container(message);
  if (code >= 0) code = sd_bus_message_close_container(message);
  check(code, sys::format("property {}", property.name));
}

void append_pid(sd_bus_message* message, pid_t pid) {
  const auto number = static_cast<std::uint32_t>(pid);
  check(sd_bus_message_append(message, "(sv)", "PIDs", "au", 1, number), "property PIDs");
}

}  // namespace

/// Results of the jobs that have ended, by their paths.
struct Manager::Jobs {
  std::map<std::string, std::string> results;
};

void Manager::Closer::operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }

Property parse_property(const std::string& text) {
  const std::size_t equals = text.find('='), colon = text.find(':', equals);
  if (equals == std::string::npos || colon == std::string::npos) {
    throw sys::Error(sys::format("\"{}\" is not NAME=TYPE:VALUE", text), EINVAL);
  }
  Property property = {.name = text.substr(0, equals),
                       .type = text.substr(equals + 1, colon - equals - 1),
                       .values = {}};
  const std::string value = text.substr(colon + 1);
  if (property.type != "as") {
    property.values.push_back(value);
    return property;
  }
  for (std::size_t start = 0; start < value.size();) {
    const std::size_t end = std::min(value.find('\n', start), value.size());
    property.values.push_back(value.substr(start, end - start));
    start = end + 1;
  }
  return property;
}

Manager::Manager(bool of_user) {
  const std::string address = bus_address(of_user);
  const std::string what =
      sys::format("connect to the {} bus at \"{}\"", of_user ? "user" : "system", address);
  sd_bus* bus = nullptr;
  check(sd_bus_new(&bus), what);
  bus_.reset(bus);
  check(sd_bus_set_address(bus, address.c_str()), what);
  check(sd_bus_set_bus_client(bus, 1), what);
  check(sd_bus_start(bus), what);
  // The answer to "Hello" says whether we were let in.
  const char* name = nullptr;
  check(sd_bus_get_unique_name(bus, &name), what);
}

void Manager::watch_jobs() {
  jobs_ = std::make_shared<Jobs>();
  const auto remember = [](sd_bus_message* message, void* data, sd_bus_error*) {
    const char *path = nullptr, *unit = nullptr, *result = nullptr;
    std::uint32_t id = 0;
    if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0) return 0;
    static_cast<Jobs*>(data)->results[path] = result;
    return 0;
  };
  check(sd_bus_match_signal(bus_.get(), nullptr, kService, kPath, kManager, "JobRemoved", remember,
                            jobs_.get()),
        "listen to systemd");
  (void)call(bus_.get(), new_call(bus_.get(), "Subscribe"), "subscribe to systemd");
}

void Manager::wait_for_job(const std::string& job, const std::string& unit) {
  using std::chrono::steady_clock;
  const auto deadline = steady_clock::now() + kPatience;
  while (!jobs_->results.contains(job)) {
    const int count = sd_bus_process(bus_.get(), nullptr);
    check(count, "wait for systemd");
    if (count > 0) continue;
    const auto left =
        std::chrono::duration_cast<std::chrono::microseconds>(deadline - steady_clock::now());
    if (left.count() <= 0) {
      throw sys::Error(
          sys::format("systemd is not done with \"{}\" after {} s", unit, kPatience.count()),
          ETIMEDOUT);
    }
    check(sd_bus_wait(bus_.get(), static_cast<std::uint64_t>(left.count())), "wait for systemd");
  }
  const std::string& result = jobs_->results.at(job);
  if (result != "done") throw sys::Error(sys::format("systemd's job ended with \"{}\"", result));
}

Scope Manager::start_scope(const std::string& unit, pid_t pid,
                           const std::vector<Property>& properties) {
  watch_jobs();
  const std::string what = sys::format("start unit \"{}\"", unit);
  const auto start = [&](BusError& error, int& code) {
    const Message message = new_call(bus_.get(), "StartTransientUnit");
    check(sd_bus_message_append(message.get(), "ss", unit.c_str(), "fail"), what);
    check(sd_bus_message_open_container(message.get(), 'a', "(sv)"), what);
    append_pid(message.get(), pid);
    for (const Property& property : properties) append_property(message.get(), property);
    check(sd_bus_message_close_container(message.get()), what);
    check(sd_bus_message_append(message.get(), "a(sa(sv))", 0), what);
    return call(bus_.get(), message, error, code);
  };
  BusError error;
  int code = 0;
  Message reply = start(error, code);
  if (code < 0 && error.is(kUnitExists)) {  // one that has failed stays until it is forgotten
    const Message reset = new_call(bus_.get(), "ResetFailedUnit");
    check(sd_bus_message_append(reset.get(), "s", unit.c_str()), what);
    BusError ignored;
    int reset_code = 0;
    (void)call(bus_.get(), reset, ignored, reset_code);
    BusError again;
    reply = start(again, code);
    if (code < 0) throw call_error(what, code, again);
  }
  if (code < 0) throw call_error(what, code, error);
  wait_for_job(object_path(reply), unit);

  const std::string object = object_of(unit);
  return {.invocation = read_invocation(bus_.get(), object, what),
          .cgroup = read_cgroup(bus_.get(), object, what)};
}

void Manager::set_properties(const std::string& unit, const std::vector<Property>& properties) {
  const std::string what = sys::format("set properties of unit \"{}\"", unit);
  const Message message = new_call(bus_.get(), "SetUnitProperties");
  check(sd_bus_message_append(message.get(), "sb", unit.c_str(), 1), what);
  check(sd_bus_message_open_container(message.get(), 'a', "(sv)"), what);
  for (const Property& property : properties) append_property(message.get(), property);
  check(sd_bus_message_close_container(message.get()), what);
  (void)call(bus_.get(), message, what);
}

void Manager::add_process(const std::string& unit, pid_t pid) {
  const std::string what = sys::format("move process {} into unit \"{}\"", pid, unit);
  const Message message = new_call(bus_.get(), "AttachProcessesToUnit");
  check(sd_bus_message_append(message.get(), "ssau", unit.c_str(), "", 1,
                              static_cast<std::uint32_t>(pid)),
        what);
  (void)call(bus_.get(), message, what);
}

void Manager::stop(const std::string& invocation) {
  watch_jobs();
  const std::string what = sys::format("stop unit of invocation {}", invocation);
  const std::string object = object_of(invocation);
  const Message message = new_call(bus_.get(), object, kUnit, "Stop");
  check(sd_bus_message_append(message.get(), "s", "replace"), what);
  BusError error;
  int code = 0;
  const Message reply = call(bus_.get(), message, error, code);
  if (code < 0 && is_gone(error)) return;
  if (code < 0) throw call_error(what, code, error);
  wait_for_job(object_path(reply), invocation);
  const Message reset = new_call(bus_.get(), object, kUnit, "ResetFailed");
  BusError ignored;  // mostly it is gone with the job
  (void)call(bus_.get(), reset, ignored, code);
}

}  // namespace systemd
