"""What the end-to-end tests share: haft in a folder of its own.

A test is a unittest of Lab; it gets an empty folder with a haft.conf that
names the modules just built, and helpers that run haft there. Waiting is
always for a condition, with a deadline that fails the test. At the end
nothing that was started in the folder is left running.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

BUILD = os.environ.get("HAFT_BUILDDIR") or os.path.abspath("build")
SOURCE = os.environ.get("HAFT_SRCDIR") or os.path.abspath(
    os.path.join(os.path.dirname(__file__), "../..")
)
HAFT = os.path.join(BUILD, "haft")
MODULES = os.environ.get("HAFT_TEST_MODULES") or os.path.join(BUILD, ".libs")
WAIT_S = 60  # for what takes milliseconds, so that a loaded machine is no bug

# Exit codes that the tests expect, as host/core/fault.c has them.
OK, USER_FAILURE, USAGE, INVALID, NOT_FOUND = 0, 1, 64, 65, 66
BACKEND_DOWN, CONFLICT, CONFIG, TIMEOUT, CANCELLED = 69, 75, 78, 124, 130


class Done:
    """A haft that has ended: its exit code and what it wrote."""

    def __init__(self, args, code, out, err):
        self.args, self.code, self.out, self.err = args, code, out, err

    def __str__(self):
        return "haft %s: exit code %s\n%s%s" % (
            " ".join(self.args),
            self.code,
            self.out,
            self.err,
        )

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self):
        """Of JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


class Wire:
    """A connection to the owner's socket, spoken by hand."""

    def __init__(self, path, timeout_s=WAIT_S):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with in_folder_of(path) as name:
                self.socket.connect(name)  # waits while the queue is full
        except OSError:
            self.socket.close()
            raise
        self.socket.settimeout(timeout_s)
        self.file = self.socket.makefile("rb")
        self.last_id = 0

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, text):
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def read(self):
        """The next line, or None where the host has closed."""
        try:
            line = self.file.readline()
        except ConnectionResetError:
            return None
        return json.loads(line) if line else None

    def ask(self, op, **params):
        self.last_id += 1
        question = {"v": 1, "id": self.last_id, "op": op, "params": params}
        self.send(json.dumps(question) + "\n")
        return self.last_id

    def call(self, op, **params):
        """Asks; the line that has the result or the error."""
        wanted = self.ask(op, **params)
        while True:
            line = self.read()
            if line is None or (line.get("id") == wanted and "event" not in line):
                return line


@contextlib.contextmanager
def in_folder_of(path):
    """A socket's address holds 107 bytes; from its folder the name is enough."""
    before = os.open(".", os.O_RDONLY)
    try:
        os.chdir(os.path.dirname(path))
        yield os.path.basename(path)
    finally:
        os.fchdir(before)
        os.close(before)


def wait_for(what, condition, wait_s=WAIT_S):
    """Asks until the condition gives something true, and returns that."""
    end = time.monotonic() + wait_s
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError("waited %d s in vain: %s" % (wait_s, what))
        time.sleep(0.01)


def is_alive(pid):
    """Running: neither gone nor a zombie."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as f:
            return f.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def processes_of(folder):
    """The pids of programs that were started with the folder, or in it."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            cwd = os.readlink("/proc/%s/cwd" % name)
            with open("/proc/%s/cmdline" % name, "rb") as f:
                words = f.read().decode(errors="replace")
            if cwd == folder or cwd.startswith(folder + "/") or folder in words:
                found.append(int(name))
    return found


class Lab(unittest.TestCase):
    maxDiff = None
    config = ""  # more lines of haft.conf
    program = HAFT

    def setUp(self):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="haft-e2e."))
        # The last of the clean-ups: what was mounted in it is not any more.
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.state = os.path.join(self.folder, ".haft")
        self.started = []
        self.environment = dict(
            os.environ,
            HAFT_CONFIG=os.path.join(self.folder, "haft.conf"),
            HOME=self.folder,
            NO_COLOR="1",
        )
        self.configure(self.config)

    def tearDown(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        wait_for("the end of all processes", self.end_processes)

    def end_processes(self):
        """The keeper goes by itself once its tasks are gone."""
        left = [p for p in processes_of(self.folder) if is_alive(p)]
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not left

    # ---- files

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(textwrap.dedent(text))
        return path

    def read(self, name):
        with open(self.path(name), encoding="utf-8", errors="replace") as f:
            return f.read()

    def exists(self, name):
        return os.path.exists(self.path(name))

    def configure(self, more="", modules=MODULES, host=""):
        cage = os.environ.get("HAFT_TEST_ISOLATION")
        if cage and "isolation" not in host:
            host += "\nisolation = " + cage
        text = "[host]\nmodules = %s\n%s\n" % (modules, host)
        return self.write("haft.conf", text + textwrap.dedent(more))

    def workflow(self, text, name="flow.yaml"):
        return self.write(name, "version: 1\n" + textwrap.dedent(text))

    # ---- haft

    def start(self, *args, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("cwd", self.folder)
        options.setdefault("env", self.environment)
        process = subprocess.Popen(
            [self.program, *args], text=True, errors="replace", **options
        )
        self.started.append(process)
        return process

    def finish(self, process, code=None):
        out, err = process.communicate(timeout=WAIT_S)
        done = Done(process.args[1:], process.returncode, out or "", err or "")
        if code is not None:
            self.assertEqual(done.code, code, done)
        return done

    def haft(self, *args, code=OK, **options):
        return self.finish(self.start(*args, **options), code)

    def serve(self, *args):
        """A daemon that is ready; its log goes to the file log."""
        with open(self.path("log"), "a", encoding="utf-8") as log:
            before = log.tell()
            process = self.start(
                "serve", *args, stdout=subprocess.DEVNULL, stderr=log
            )

        def is_ready():
            text = self.read("log")[before:]
            if process.poll() is not None:
                raise AssertionError("serve has ended: " + text)
            return "host: ready" in text

        wait_for("serve to be ready", is_ready)
        return process

    def stop(self, process, code=OK):
        process.send_signal(signal.SIGTERM)
        return self.finish(process, code)

    def kill(self, process):
        process.kill()
        process.communicate()

    def submit(self, path, *args):
        return self.haft("submit", path, *args).out.strip()

    def show(self, run="last"):
        return self.haft("show", run, "--json").json

    def tasks(self, run="last"):
        return {t["name"]: t for t in self.show(run)["tasks_list"]}

    def states(self, run="last"):
        return {n: t["state"] for n, t in self.tasks(run).items()}

    def events(self, *args):
        return self.haft("events", *args).lines

    def wait_for_state(self, run, state):
        return wait_for(
            "run %s to be %s" % (run, state),
            lambda: self.show(run)["state"] == state,
        )

    def wait_for_task(self, run, task, state):
        return wait_for(
            "task %s to be %s" % (task, state),
            lambda: self.tasks(run).get(task, {}).get("state") == state,
        )

    def wait_for_file(self, name):
        """Until it is there and not empty; its text."""
        return wait_for(
            "file " + name, lambda: self.exists(name) and self.read(name)
        ).strip()

    def wire(self, name=".haft/socket"):
        wire = Wire(self.path(name))
        self.addCleanup(wire.close)
        return wire


def main():
    sys.stdout.reconfigure(errors="replace")
    unittest.main(verbosity=2)
