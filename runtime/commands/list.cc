// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/commands/commands.h"
#include "runtime/commands/status.h"
#include "runtime/commands/text_table.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"

namespace runtime {
namespace {

constexpr size_t kMaxPasswdBytes = size_t{4} << 20;

/// The user's name in `passwd`, or "#UID" as runc has it. No NSS: the program is static.
/// Source: passwd(5).
std::string owner_name(const std::string& passwd, uid_t uid) {
  const std::string wanted = std::to_string(uid);
  for (size_t start = 0; start < passwd.size();) {
    const size_t end = std::min(passwd.find('\n', start), passwd.size());
    const std::string_view line = std::string_view(passwd).substr(start, end - start);
    start = end + 1;
    const size_t password = line.find(':');
    if (password == std::string_view::npos) continue;
    const size_t number = line.find(':', password + 1);
    if (number == std::string_view::npos) continue;
    const std::string_view field = line.substr(number + 1, line.find(':', number + 1) - number - 1);
    if (field == wanted) return std::string(line.substr(0, password));
  }
  return "#" + wanted;
}

/// Empty: it went away meanwhile, or can't be read, which must not keep the others from the list;
/// therefore this catches.
std::optional<config::ContainerState> describe_for_list(const StateStore& store,
                                                        const std::string& id,
                                                        const std::string& passwd,
                                                        const Context& context) {
  try {
    const auto directory = store.find(id);
    if (!directory) return std::nullopt;
    config::ContainerState state = describe(*directory, context.proc);
    const auto record = directory->read_record();
    const uid_t owner = record ? record->owner_uid : sys::status_of(directory->fd()).st_uid;
    state.owner = owner_name(passwd, owner);
    return state;
  } catch (const sys::Error& error) {
    context.log.warning(sys::format("list: container \"{}\": {}, ignoring", id, error.what()));
    return std::nullopt;
  }
}

std::string as_table(const std::vector<config::ContainerState>& states) {
  TextTable table = {{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (const config::ContainerState& state : states) {
    table.push_back({state.id, std::to_string(state.pid), state.status, state.bundle, state.created,
                     state.owner});
  }
  return to_text(table);
}

}  // namespace

int perform(const Context& context, const ListOptions& options) {
  const StateStore store = StateStore::open(context.state_root);
  store.sweep();
  const std::vector<std::string> ids = store.ids();
  std::string passwd;
  if (const auto file = sys::open_path_if_exists("/etc/passwd", O_RDONLY)) {
    passwd = sys::read_all(file->get(), kMaxPasswdBytes);
  }
  std::vector<config::ContainerState> states;
  for (const std::string& id : ids) {
    auto state = describe_for_list(store, id, passwd, context);
    if (state) states.push_back(std::move(*state));
  }
  std::string text;
  if (options.quiet) {
    for (const config::ContainerState& state : states) text += state.id + '\n';
  } else {
    text = options.format == "json" ? config::write_state_list(states) : as_table(states);
  }
  sys::write_all(STDOUT_FILENO, text);
  return 0;
}

}  // namespace runtime
