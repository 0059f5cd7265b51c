// SPDX-License-Identifier: Apache-2.0
// INV-3: nobody inside gets at the host's runtime to write it.
#include <elf.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "sys/file.h"
#include "sys/open.h"
#include "tests/security/scene.h"
#include "tests/support/needs.h"

using support::Bundle;

namespace {

// An installation that the caller owns, beside the one under test. Removes nothing that it has not
// made, and says whether a byte of it was changed.
class HomeInstall {
 public:
  HomeInstall() {
    std::filesystem::copy_file(support::runtime_program(), program());
    ::chmod(program().c_str(), 0755);
    before_ = support::read_text(program());
  }
  std::string program() const { return directory_ / "tilla-runtime"; }
  std::vector<std::string> argv(std::vector<std::string> words) const {
    words.insert(words.begin(), {program(), "--root", directory_ / "state"});
    return words;
  }
  support::Result call(std::vector<std::string> words,
                       const support::ProgramOptions& options = {}) const {
    return support::run(argv(std::move(words)), options);
  }
  bool is_untouched() const { return support::read_text(program()) == before_; }

 private:
  support::TempDirectory directory_;
  std::string before_;
};

// A program whose interpreter is `interpreter`, and nothing else.
std::string elf_with_interpreter(const std::string& interpreter) {
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_DYN;
#if defined(__x86_64__)
  header.e_machine = EM_X86_64;
#else
  header.e_machine = EM_AARCH64;
#endif
  header.e_version = EV_CURRENT;
  header.e_phoff = sizeof header;
  header.e_ehsize = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 2;
  Elf64_Phdr parts[2] = {};
  parts[0].p_type = PT_INTERP;
  parts[0].p_offset = sizeof header + sizeof parts;
  parts[0].p_filesz = parts[0].p_memsz = interpreter.size() + 1;
  parts[1].p_type = PT_LOAD;
  parts[1].p_flags = PF_R;
  parts[1].p_filesz = parts[1].p_memsz = sizeof header + sizeof parts + interpreter.size() + 1;
  parts[1].p_align = 4096;
  std::string file(reinterpret_cast<const char*>(&header), sizeof header);
  file.append(reinterpret_cast<const char*>(parts), sizeof parts);
  return file + interpreter + '\0';
}

}  // namespace

TEST_CASE("t_selfexe_write: /proc/self/exe is no program", "[security][inv3]") {
  // CVE-2019-5736: with it as the program, the container ran the host's runc and then wrote it.
  const HomeInstall install;
  const std::string program =
      GENERATE("/proc/self/exe", "/proc/1/exe", "/proc/thread-self/exe", "/link");
  const Bundle bundle([&](config::RuntimeSpec& spec) { spec.process->args = {program, "list"}; });
  plant_symlink("/proc/self/exe", bundle.rootfs() + "/link");
  const auto result = install.call({"run", "--bundle", bundle.path(), "test"});
  CHECK(result.exit_code == 1);
  CHECK(result.out.empty());
  CHECK(install.is_untouched());
}

TEST_CASE("t_selfexe_write: as a script's interpreter it is the sealed stub", "[security][inv3]") {
  // CVE-2019-5736, the second form: "#!/proc/self/exe".
  const HomeInstall install;
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"/script", "list"}; });
  support::write_text(bundle.rootfs() + "/script", "#!/proc/self/exe\n", 0755);
  const auto result = install.call({"run", "--bundle", bundle.path(), "test"});
  CHECK(result.exit_code == 1);  // the stub's, for words that are none of its
  CHECK(result.all().empty());
  CHECK(install.is_untouched());
}

TEST_CASE("t_selfexe_write: as a program's ELF interpreter it is the sealed stub",
          "[security][inv3]") {
  // CVE-2019-5736, the third form: the dynamic loader.
  const HomeInstall install;
  const Bundle bundle([](config::RuntimeSpec& spec) { spec.process->args = {"/elf", "list"}; });
  support::write_text(bundle.rootfs() + "/elf", elf_with_interpreter("/proc/self/exe"), 0755);
  const auto result = install.call({"run", "--bundle", bundle.path(), "test"});
  CHECK(result.exit_code != 0);
  CHECK(result.out.empty());
  CHECK(install.is_untouched());
}

TEST_CASE("t_selfexe_write: an installation that is not ours is not writable either",
          "[security][inv3]") {
  // CVE-2019-5736 against the runtime under test, whoever owns it.
  const std::string before = support::read_text(support::runtime_program());
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.process->args = {"/script"};
    support::use_single(spec);
  });
  support::write_text(bundle.rootfs() + "/script", "#!/proc/self/exe\n", 0755);
  const support::Runtime runtime;
  CHECK(runtime.run(bundle).exit_code != 0);
  CHECK(support::read_text(support::runtime_program()) == before);
}

TEST_CASE("t_selfexe_write: an exec'ed process cannot open the binary of a waiting init",
          "[security][inv3]") {
  // CVE-2019-5736 by way of /proc/1/exe, as root of the container.
  const HomeInstall install;
  const support::TempDirectory out;
  const Bundle bundle;
  add_attacker(bundle);
  const auto created =
      install.call({"create", "--bundle", bundle.path(), "test"}, {.output_file = out / "out"});
  REQUIRE(created.exit_code == 0);
  const auto result = install.call({"exec", "test", "attack", "overwrite", "/proc/1/exe"});
  CHECK(result.out == "read: Permission denied\n");
  CHECK(install.call({"delete", "--force", "test"}).exit_code == 0);
  CHECK(install.is_untouched());
}

TEST_CASE("t_selfexe_write: the program's own /proc/self/exe is the image's", "[security][inv3]") {
  const auto result = support::run_shell("readlink /proc/self/exe");
  CHECK(result.out == "/bin/busybox\n");
}

TEST_CASE("t_selfexe_write: whoever may trace an exec'ed process can't write its binary",
          "[security][inv3]") {
  // CVE-2019-5736 with CAP_SYS_PTRACE and no user namespace: found here.
  NEEDS(root);
  const HomeInstall install;
  const support::TempDirectory out;
  const Bundle bundle([](config::RuntimeSpec& spec) {
    support::drop_namespace(spec, config::NamespaceType::kUser);
    for (auto* set : {&spec.process->capabilities->bounding, &spec.process->capabilities->permitted,
                      &spec.process->capabilities->effective}) {
      set->push_back("CAP_SYS_PTRACE");
    }
    spec.process->args = {"attack", "watch", "3"};
  });
  add_attacker(bundle);
  REQUIRE(
      install.call({"run", "-d", "--bundle", bundle.path(), "test"}, {.output_file = out / "out"})
          .exit_code == 0);
  while (install.call({"exec", "test", "true"}).exit_code == 0) {
  }
  (void)support::eventually([&] {
    return install.call({"state", "test"}).out.find("stopped") != std::string::npos;
  });
  const std::string said = support::read_text(out / "out");
  INFO(said);
  CHECK(said.find("write ") != std::string::npos);  // it had it in its hands
  CHECK(said.find("WRITTEN") == std::string::npos);
  CHECK(install.call({"delete", "--force", "test"}).exit_code == 0);
  CHECK(install.is_untouched());
}
