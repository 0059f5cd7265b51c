// SPDX-License-Identifier: Apache-2.0
#include "config/sysctl.h"

#include <catch2/catch.hpp>

using config::NamespaceType;
using config::sysctl_namespace;
using config::sysctl_path;

TEST_CASE("sysctl: the first separator says which one separates", "[config][sysctl]") {
  CHECK(sysctl_path("net.ipv4.ip_forward") == "net/ipv4/ip_forward");
  CHECK(sysctl_path("net/ipv4/ip_forward") == "net/ipv4/ip_forward");
  CHECK(sysctl_path("net.ipv4.conf.eth0/1.mtu") == "net/ipv4/conf/eth0.1/mtu");
  CHECK(sysctl_path("net/ipv4/conf/eth0.1/mtu") == "net/ipv4/conf/eth0.1/mtu");
}

TEST_CASE("sysctl: no name leads out of /proc/sys", "[config][sysctl]") {
  const std::string name =
      GENERATE("", ".", "/", "net/..", "net/../vm/x", "net.//.x", "net./x", "net/.x", "../net",
               "/net/x", "net.x.", "net x", "net.\x7f", "net.\xc3\xa4", "net.a\nb");
  CAPTURE(name);
  CHECK_FALSE(sysctl_path(name));
  CHECK_FALSE(sysctl_path(std::string("net.a\0b", 7)));
  CHECK_FALSE(sysctl_path("net." + std::string(252, 'a')));
  CHECK(sysctl_path("net." + std::string(251, 'a')));
}

TEST_CASE("sysctl: which namespace a parameter belongs to", "[config][sysctl]") {
  CHECK(sysctl_namespace("net/core/somaxconn") == NamespaceType::kNetwork);
  CHECK(sysctl_namespace("kernel/shmmax") == NamespaceType::kIpc);
  CHECK(sysctl_namespace("kernel/sem") == NamespaceType::kIpc);
  CHECK(sysctl_namespace("fs/mqueue/msg_max") == NamespaceType::kIpc);
  CHECK(sysctl_namespace("user/max_pid_namespaces") == NamespaceType::kUser);
  CHECK(sysctl_namespace("kernel/domainname") == NamespaceType::kUts);
}

TEST_CASE("sysctl: what belongs to no namespace is the host's", "[config][sysctl]") {
  const char* path = GENERATE("net", "network/x", "kernel/core_pattern", "kernel/sem/x",
                              "kernel/shmall2", "fs/mqueue", "vm/overcommit_memory",
                              "kernel/pid_max", "fs/file-max", "kernel.sem", "user");
  CAPTURE(path);
  CHECK_FALSE(sysctl_namespace(path));
}
