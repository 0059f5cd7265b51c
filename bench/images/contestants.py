# SPDX-License-Identifier: Apache-2.0
"""Who is measured: tilla, Debian's podman, buildah, skopeo with umoci, containerd, and the raw bound.

A contestant has a `home`, a directory on a fresh file system of its own. Its methods return what to
run; a method that is missing means that it cannot do this work.
"""
import os
import subprocess
import time

from stage import Failure

IMAGES = ("busybox", "debian", "devel")


def reference(image):
    return f"localhost/tilla-bench/{image}:latest"


class Contestant:
    name = ""
    as_root = False

    def __init__(self, stage):
        self.stage = stage
        self.home = None

    def move_in(self, home):
        """Before anything is run in the new file system `home`. Not measured."""
        self.home = home

    def move_out(self):
        """Before `home` goes."""

    def env(self):
        return {"HOME": self.home, "PATH": "/usr/bin:/usr/sbin:/bin:/sbin",
                "LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": self.stage.runtime_dir}

    def run(self, argv, **options):
        return self.stage.run(argv, self.env(), self.as_root, **options)

    def read(self, argv):
        return self.stage.read(argv, self.env(), self.as_root)


class Bound(Contestant):
    """No container tool: the decompressor and tar, two layers at a time, as root."""
    name = "bound"
    as_root = True

    def load(self, archive):
        layers = archive.removesuffix(".tar")
        unzip = "zstd -qdc" if layers.endswith("zstd") else "igzip -dc"
        each = f'mkdir "{self.home}/$(basename "$1")" && {unzip} "$1" | tar x -C "{self.home}/$(basename "$1")"'
        return ["sh", "-c", f'printf "%s\\n" {layers}/* | xargs -P 2 -n 1 sh -c \'{each}\' sh']


class Tilla(Contestant):
    name = "tilla"

    def env(self):
        return {**super().env(), "TILLA_ROOT": os.path.join(self.home, "store")}

    def tilla(self, *words):
        return [os.path.join(self.stage.tools, "tilla"), *words]

    def load(self, archive):
        return self.tilla("load", "-q", "-i", archive)

    def create(self, image):
        return self.tilla("create", reference(image))

    def in_root(self, container, script):
        """Runs a shell's `script` in the root of `container`."""
        tilla = self.tilla()[0]
        return self.tilla("unshare", "sh", "-ec",
                          f'cd "$({tilla} mount {container})"; {script}\ncd /; {tilla} umount {container} > /dev/null')

    def diff(self, container):
        return self.tilla("diff", container)

    def commit(self, container, image):
        return self.tilla("commit", container, reference(image))

    def export(self, container):
        return self.tilla("export", container)

    def save(self, image):
        return self.tilla("save", "--format", "oci-archive", reference(image))

    def images(self):
        return self.tilla("images")

    def history(self, image):
        return self.tilla("history", reference(image))

    def inspect(self, image):
        return self.tilla("inspect", "--type", "image", reference(image))


class TillaSingle(Tilla):
    """The same with one id and no range, as where newuidmap is missing."""
    name = "tilla-single"

    def env(self):
        return {**super().env(), "TILLA_IDENTITY": "single"}


class Podman(Contestant):
    name = "podman"

    def move_in(self, home):
        super().move_in(home)
        with open(os.path.join(home, "storage.conf"), "w", encoding="ascii") as file:
            file.write(f'[storage]\ndriver = "overlay"\ngraphroot = "{home}/storage"\n'
                       f'runroot = "{self.stage.runtime_dir}/containers"\n')
        with open(os.path.join(home, "containers.conf"), "w", encoding="ascii") as file:
            file.write('[engine]\nevents_logger = "file"\ncgroup_manager = "cgroupfs"\n')

    def env(self):
        return {**super().env(), "CONTAINERS_STORAGE_CONF": os.path.join(self.home, "storage.conf"),
                "CONTAINERS_CONF": os.path.join(self.home, "containers.conf"),
                "TMPDIR": self.home}

    def load(self, archive):
        return ["podman", "load", "-q", "-i", archive]

    def create(self, image):
        return ["podman", "create", "--network", "none", reference(image)]

    def in_root(self, container, script):
        return ["podman", "unshare", "sh", "-ec",
                f'cd "$(podman mount {container})"; {script}\ncd /; podman umount {container} > /dev/null']

    def diff(self, container):
        return ["podman", "diff", container]

    def commit(self, container, image):
        return ["podman", "commit", "-q", container, reference(image)]

    def export(self, container):
        return ["podman", "export", container]

    def save(self, image):
        return ["podman", "save", "--format", "oci-archive", reference(image)]

    def images(self):
        return ["podman", "images"]

    def history(self, image):
        return ["podman", "history", reference(image)]

    def inspect(self, image):
        return ["podman", "inspect", "--type", "image", reference(image)]


class PodmanGo(Podman):
    """podman where there is no unpigz: it then inflates by itself."""
    name = "podman-no-unpigz"

    def env(self):
        path = os.path.join(self.stage.directory, "no-unpigz")
        if not os.path.isdir(path):
            os.mkdir(path)
            for program in os.listdir("/usr/bin"):
                if program not in ("unpigz", "pigz"):
                    os.symlink("/usr/bin/" + program, os.path.join(path, program))
        return {**super().env(), "PATH": path + ":/usr/sbin"}


class Buildah(Podman):
    name = "buildah"

    def load(self, archive):
        return ["buildah", "pull", "-q", "oci-archive:" + archive]

    def create(self, image):
        return ["buildah", "from", "--pull-never", reference(image)]

    def in_root(self, container, script):
        return ["buildah", "unshare", "sh", "-ec",
                f'cd "$(buildah mount {container})"; {script}\ncd /; buildah umount {container} > /dev/null']

    def commit(self, container, image):
        return ["buildah", "commit", "-q", container, reference(image)]

    def images(self):
        return ["buildah", "images"]

    def inspect(self, image):
        return ["buildah", "inspect", "--type", "image", reference(image)]

    diff = history = export = save = None


class Umoci(Contestant):
    """skopeo into a layout, umoci from there into a bundle."""
    name = "umoci"

    def load(self, archive):
        return ["sh", "-ec", f'skopeo copy -q oci-archive:{archive} oci:{self.home}/layout:it\n'
                             f'umoci unpack --rootless --image {self.home}/layout:it {self.home}/bundle']

    def env(self):
        return {**super().env(), "TMPDIR": self.home}


class Containerd(Contestant):
    name = "containerd-root"
    as_root = True
    daemon = None

    def move_in(self, home):
        super().move_in(home)
        config = os.path.join(home, "config.toml")
        with open(config, "w", encoding="ascii") as file:
            file.write(f'version = 2\nroot = "{home}/root"\nstate = "{home}/state"\n'
                       'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs", '
                       '"io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]\n'
                       f'[grpc]\naddress = "{home}/sock"\n[ttrpc]\naddress = "{home}/ttrpc"\n')
        self.daemon = subprocess.Popen(["containerd", "-c", config], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            if subprocess.run(["ctr", "-a", home + "/sock", "version"], check=False, capture_output=True).returncode == 0:
                return
            time.sleep(0.02)
        raise Failure("containerd does not answer")

    def move_out(self):
        self.daemon.terminate()
        self.daemon.wait()

    def load(self, archive):
        return ["ctr", "-a", self.home + "/sock", "images", "import", archive]
