# SPDX-License-Identifier: Apache-2.0
"""Where contestants play: fresh file systems, and commands that are started, timed and ended."""
import ctypes
import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager

LIBC = ctypes.CDLL(None, use_errno=True)
MOUNTED_SIZE = "12G"


class Failure(Exception):
    """A command that did not work: what it said last."""


class Sample:
    """One turn: seconds on the clock, and seconds of all processors."""

    def __init__(self, seconds, cpu, peak_kib=0):
        self.seconds = seconds
        self.cpu = cpu
        self.peak_kib = peak_kib


class Stage:
    def __init__(self, directory, loops, uid):
        self.directory = directory
        self.loops = loops
        self.uid = uid
        self.tools = os.path.join(directory, "tools")
        self.runtime_dir = f"/run/user/{uid}"
        self.count = 0
        self.log = os.path.join(directory, "log")

    # ------------------------------------------------------------------ file systems

    @contextmanager
    def fresh(self):
        """A new ext4, the user's, mounted; nothing has ever been deleted on it."""
        self.count += 1
        file = os.path.join(self.loops, f"fs-{self.count}")
        mount = os.path.join(self.directory, "mounts", str(self.count))
        try:
            quiet("truncate", "-s", MOUNTED_SIZE, file)
            quiet("mkfs.ext4", "-q", "-m", "0", "-E", "nodiscard", file)
            os.mkdir(mount)
            # Without the thread that would initialise inode tables while somebody is measured.
            quiet("mount", "-o", "loop,noinit_itable", file, mount)
            os.chown(mount, self.uid, self.uid)
            os.rmdir(os.path.join(mount, "lost+found"))
            settle()
            yield mount
        finally:
            self.end_processes()
            subprocess.run(["umount", mount], stderr=subprocess.DEVNULL, check=False)
            if os.path.isdir(mount):
                os.rmdir(mount)
            if os.path.exists(file):
                os.unlink(file)

    def end_processes(self):
        """Ends whatever contestants left running: we are PID 1's only other child here."""
        own = {1, os.getpid(), os.getppid()}
        for _ in range(200):
            left = [int(name) for name in os.listdir("/proc")
                    if name.isdigit() and int(name) not in own and has_program(name)]
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            while True:
                try:
                    if os.waitpid(-1, os.WNOHANG)[0] == 0:
                        break
                except ChildProcessError:
                    break
            if not left:
                break
            time.sleep(0.01)
        for name in os.listdir(self.runtime_dir):
            shutil.rmtree(os.path.join(self.runtime_dir, name), ignore_errors=True)

    # ------------------------------------------------------------------ commands

    def spawn(self, argv, env, as_root, actions):
        """Starts argv as the user, or as root. The real ids change around the spawn alone: so it
        needs no program in between, and a vfork."""
        if as_root:
            return os.posix_spawn(argv[0], argv, env, file_actions=actions)
        os.setresgid(self.uid, self.uid, 0)
        os.setresuid(self.uid, self.uid, 0)
        try:
            return os.posix_spawn(argv[0], argv, env, file_actions=actions)
        finally:
            os.setresuid(0, 0, 0)
            os.setresgid(0, 0, 0)

    def run(self, argv, env=None, as_root=False, sync=None, output=None, peak=False):
        """Runs argv to its end, then syncs the file system of `sync`: both are the sample.
        Errors: Failure, when it does not exit with 0."""
        out = output or "/dev/null"
        argv = [program_path(argv[0]), *argv[1:]]
        actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)]
        report = os.path.join(self.directory, "peak")
        for path in [self.log, report] + ([output] if output else []):
            with open(path, "w", encoding="ascii"):
                os.chmod(path, 0o666)
        actions.append((os.POSIX_SPAWN_OPEN, 1, out, os.O_WRONLY, 0))
        actions.append((os.POSIX_SPAWN_OPEN, 2, self.log, os.O_WRONLY | os.O_APPEND, 0))
        if peak:
            argv = [os.path.join(self.tools, "peak"), *argv]
            actions.append((os.POSIX_SPAWN_OPEN, 9, report, os.O_WRONLY, 0))
        where = os.open(sync, os.O_RDONLY | os.O_DIRECTORY) if sync else -1
        start = time.perf_counter()
        pid = self.spawn(argv, env or {}, as_root, actions)
        _, status, usage = os.wait4(pid, 0)
        if where >= 0:
            LIBC.syncfs(where)
        seconds = time.perf_counter() - start
        if where >= 0:
            os.close(where)
        if status != 0:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                words = [line.strip() for line in file if line.strip()][-2:]
            raise Failure(f"{os.path.basename(argv[1 if peak else 0])}: status {status >> 8}: {' / '.join(words)[:300]}")
        kib = 0
        if peak:
            with open(report, encoding="ascii") as file:
                kib = int(file.read())
        return Sample(seconds, usage.ru_utime + usage.ru_stime, kib)

    def read(self, argv, env=None, as_root=False):
        """What argv writes on its standard output."""
        output = os.path.join(self.directory, "output")
        self.run(argv, env, as_root, output=output)
        with open(output, encoding="utf-8", errors="replace") as file:
            return file.read()


def quiet(*argv):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{argv[0]}: {done.stderr.strip()}")


def settle():
    """Nobody pays for what came before."""
    os.sync()
    time.sleep(0.05)


def has_program(pid):
    try:
        os.readlink(f"/proc/{pid}/exe")
        return True
    except OSError:
        return False


def program_path(name):
    path = shutil.which(name, path="/usr/bin:/usr/sbin:/bin:/sbin") if "/" not in name else name
    if not path or not os.path.exists(path):
        raise Failure(f"{name} is not installed")
    return path
