// SPDX-License-Identifier: Apache-2.0
// Makes snapshots with the engine's overlay driver on all layers of a store, and prints how long
// each took, in milliseconds: the directory, what the driver makes in it, and the mount. What a
// whole command needs besides is measured as `create`.
//
//   tilla unshare prepare STORE
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "snapshotter/snapshot/driver.h"
#include "sys/error.h"
#include "sys/format.h"

namespace {

constexpr int kSnapshots = 60;
constexpr int kWarmUp = 10;

std::vector<std::string> folders_of(const std::string& path) {
  std::vector<std::string> names;
  DIR* dir = opendir(path.c_str());
  if (dir == nullptr) throw sys::Error("can't list \"" + path + "\"");
  while (const dirent* entry = readdir(dir)) {
    if (entry->d_name[0] != '.' && entry->d_type == DT_DIR) {
      names.push_back(path + "/" + entry->d_name);
    }
  }
  closedir(dir);
  return names;
}

int open_folder(const std::string& path) {
  const int fd = open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) throw sys::Error("can't open \"" + path + "\"");
  return fd;
}

double make_one(snapshotter::Driver& driver, const std::string& path,
                const snapshotter::LayerStack& layers) {
  const auto start = std::chrono::steady_clock::now();
  if (mkdir(path.c_str(), 0700) != 0) throw sys::Error("can't make \"" + path + "\"");
  const sys::Fd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  driver.prepare(directory.get(), layers);
  const sys::Fd root = driver.root(directory.get(), layers, false);
  const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - start;
  return spent.count();
}

void run(const std::string& store) {
  snapshotter::LayerStack layers;
  for (const std::string& mapping : folders_of(store + "/layers")) {
    for (const std::string& layer : folders_of(mapping)) layers.push_back(open_folder(layer));
  }
  if (layers.empty()) throw sys::Error("no layers in \"" + store + "\"");
  const auto driver = snapshotter::make_driver(snapshotter::DriverKind::kOverlay, {});
  const std::string here = store + "/../prepared";
  if (mkdir(here.c_str(), 0700) != 0) throw sys::Error("can't make \"" + here + "\"");
  for (int i = 0; i < kWarmUp + kSnapshots; ++i) {
    const double spent = make_one(*driver, sys::format("{}/{}", here, i), layers);
    if (i >= kWarmUp) std::printf("%.4f\n", spent);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    run(argv[1]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "prepare: %s\n", error.what());
    return 1;
  }
}
