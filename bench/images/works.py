# SPDX-License-Identifier: Apache-2.0
"""What is measured. Contestants take turns; whoever fails is out of that work, with its own words."""
import json
import os
import tarfile

from contestants import Buildah, Tilla
from stage import Failure

SETTLE_ROUNDS = 1  # before the timed ones, where a turn is short

# 20,000 files of some 70 bytes in 200 directories.
MANY = '''mkdir many; d=0
while [ $d -lt 200 ]; do mkdir many/$d; f=0
while [ $f -lt 100 ]; do echo "file $f of directory $d, some words to fill it, and then a few more" > many/$d/$f
f=$((f+1)); done; d=$((d+1)); done'''


def attempt(result, contestant, turn):
    """A contestant's turn, unless it has failed before."""
    if contestant.name in result.failures:
        return
    try:
        turn()
    except Failure as failure:
        result.fail(contestant.name, str(failure))


def add(result, contestant, sample):
    result.add(contestant.name, sample.seconds * 1000, sample.cpu / sample.seconds)


# ------------------------------------------------------------------ with a fresh file system each

def load_once(stage, contestant, archive, **options):
    with stage.fresh() as home:
        contestant.move_in(home)
        try:
            return contestant.run(contestant.load(archive), sync=home, **options)
        finally:
            contestant.move_out()


def measure_load(stage, loaders, archive, result, rounds):
    contestants = [each(stage) for each in loaders]
    with open(archive, "rb") as file:  # nobody pays for reading it the first time
        while file.read(1 << 20):
            pass
    for _ in range(rounds):
        for contestant in contestants:
            attempt(result, contestant, lambda: add(result, contestant, load_once(stage, contestant, archive)))


def measure_memory(stage, loaders, archive, result):
    for each in loaders:
        contestant = each(stage)
        if contestant.name in ("bound", "containerd-root"):  # many processes; a daemon
            continue
        attempt(result, contestant, lambda: result.add(
            contestant.name, load_once(stage, contestant, archive, peak=True).peak_kib))


def measure_prepare(stage, archive, result):
    """`prepare` makes snapshots with the engine's own driver and says how long each took."""
    tool = os.path.join(stage.tools, "prepare")
    contestant = Tilla(stage)
    if not os.path.exists(tool):
        result.fail("tilla", "bench/images/prepare is not built")
        return

    def turn():
        with stage.fresh() as home:
            contestant.move_in(home)
            contestant.run(contestant.load(archive))
            for value in contestant.read(contestant.tilla("unshare", tool, os.path.join(home, "store"))).split():
                result.add("tilla", float(value))
    attempt(result, contestant, turn)


# ------------------------------------------------------------------ with the images loaded before

class Homes:
    """One file system for each engine, with the images loaded; containers are made when wanted.
    buildah works on podman's."""

    def __init__(self, stage, stack, engines, images):
        self.stage = stage
        self.archives = images
        self.contestants = []
        self.made = {}
        self.failures = {}
        for each in engines:
            contestant = each(stage)
            self.contestants.append(contestant)
            podman = next((one for one in self.contestants if one.name == "podman"), None)
            if each is Buildah and podman:
                contestant.home = podman.home
                continue
            contestant.move_in(stack.enter_context(stage.fresh()))
            try:
                for image in ("busybox", "debian", "devel"):
                    contestant.run(contestant.load(os.path.join(images, f"{image}-gzip.tar")), sync=contestant.home)
            except Failure as failure:
                self.failures[contestant.name] = str(failure)

    def container(self, contestant, image, script=""):
        """A container of `image` in which `script` was run; the same one for the same words."""
        key = (contestant.name, image, script)
        if key not in self.made:
            container = contestant.read(contestant.create(image)).split()[-1]
            if script:
                contestant.run(contestant.in_root(container, script), sync=contestant.home)
            self.made[key] = container
        return self.made[key]

    def able(self, method, result):
        """Those who have `method` and whose home is in order."""
        for contestant in self.contestants:
            if contestant.name in self.failures:
                result.fail(contestant.name, self.failures[contestant.name])
            elif getattr(contestant, method, None):
                yield contestant


def discarded(argv):
    """argv with its output read through a pipe: to /dev/null itself, tar and others write nothing."""
    return ["bash", "-c", 'set -o pipefail; "$@" | cat > /dev/null', "sh", *argv]


class HomeWork:
    """A work on loaded images: `before` is not measured, `command` is."""

    def __init__(self, title, method, rounds, command, before=None, sync=False):
        self.title = title
        self.method = method
        self.rounds = rounds
        self.command = command
        self.before = before
        self.sync = sync

    def measure(self, homes, result, rounds):
        contestants = list(homes.able(self.method, result))
        for number in range(SETTLE_ROUNDS + rounds):
            for contestant in contestants:
                def turn():
                    if self.before:
                        self.before(homes, contestant, number)
                    sample = contestant.run(self.command(homes, contestant, number),
                                            sync=contestant.home if self.sync else None)
                    if number >= SETTLE_ROUNDS:
                        add(result, contestant, sample)
                attempt(result, contestant, turn)


ONE = "echo changed > etc/debian_version"


def touch(script):
    """Changes one more file before each commit, so that each makes a new layer."""
    def before(homes, contestant, number):
        container = homes.container(contestant, "devel", script)
        contestant.run(contestant.in_root(container, f"echo {number} > etc/debian_version"), sync=contestant.home)
    return before


def make(image, script=""):
    return lambda homes, contestant, number: homes.container(contestant, image, script)


class SaveWork(HomeWork):
    """And whether what comes out is what came in."""

    def measure(self, homes, result, rounds):
        super().measure(homes, result, rounds)
        tilla = next((one for one in homes.contestants if one.name == "tilla"), None)
        if tilla is None or "tilla" in result.failures:
            return
        saved = os.path.join(homes.stage.directory, "saved.tar")

        def compare():
            homes.stage.run(tilla.save("devel"), tilla.env(), output=saved)
            again = layers_of(os.path.join(homes.archives, "devel-gzip.tar")) - layers_of(saved)
            result.add("recompressed layers", len(again))
        attempt(result, tilla, compare)
        if os.path.exists(saved):
            os.unlink(saved)


def layers_of(archive):
    """The digests of the layers in an OCI archive with one image, whose blobs it really has."""
    with tarfile.open(archive) as tar:
        def read(name):
            return json.load(tar.extractfile(name))
        manifest = read("index.json")["manifests"][0]["digest"].replace(":", "/")
        layers = {layer["digest"].replace(":", "/") for layer in read("blobs/" + manifest)["layers"]}
        return layers & {name.removeprefix("blobs/") for name in tar.getnames()}


def simple(title, method, *words):
    return HomeWork(title, method, 30, lambda homes, contestant, number: getattr(contestant, method)(*words))


def diff(title, script, rounds):
    return HomeWork(title, "diff", rounds,
                    lambda homes, contestant, number: contestant.diff(homes.container(contestant, "devel", script)),
                    before=make("devel", script))


def commit(title, script, rounds, image):
    return HomeWork(title, "commit", rounds,
                    lambda homes, contestant, number: contestant.commit(
                        homes.container(contestant, "devel", script), f"{image}-{number}"),
                    before=touch(script), sync=True)


def export(image, rounds):
    return HomeWork(f"export a container of {image}", "export", rounds,
                    lambda homes, contestant, number: discarded(
                        contestant.export(homes.container(contestant, image))),
                    before=make(image))


HOME_WORKS = {
    "create": HomeWork("create a container on ten layers, the command as a whole", "create", 20,
                       lambda homes, contestant, number: contestant.create("devel"), sync=True),
    "diff-one": diff("diff of one changed file on ten layers", ONE, 20),
    "diff-many": diff("diff of 20,000 files on ten layers", MANY, 5),
    "commit-one": commit("commit of one changed file on ten layers", ONE, 10, "one"),
    "commit-many": commit("commit of 20,000 files on ten layers", MANY, 5, "many"),
    "export-debian": export("debian", 5),
    "export-devel": export("devel", 3),
    "save": SaveWork("save devel as an OCI archive", "save", 3,
                     lambda homes, contestant, number: discarded(contestant.save("devel"))),
    "images": simple("images", "images"),
    "history": simple("history of devel", "history", "devel"),
    "inspect": simple("inspect of devel", "inspect", "devel"),
}
