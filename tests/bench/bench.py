#!/usr/bin/env python3
"""Benchmarks of haft, as ratios.

Every tool runs the same graph, in turn (A B C ... A B C ...), and each figure
is the median over the rounds of its ratio to the bare loop of that round: what
else this machine is doing falls on all of them. Seconds are of whole processes,
start-up included.

    bench.py BUILD-DIR [--rounds N] [--quick] [NAME ...]

NAME: w1 w2 w3 w4 w5 start idle (all of them by default).
"""
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = None
FOLDER = None
ROUNDS = 5
QUICK = False


def timed(argv, stdin=None):
    """Wall seconds of a command that must succeed."""
    begin = time.perf_counter()
    with open(stdin or os.devnull) as source:
        done = subprocess.run(argv, stdin=source, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, cwd=FOLDER, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        sys.exit("%s: exit %d\n%s" % (argv, done.returncode,
                                      done.stderr.decode()[-2000:]))
    return seconds


def interleave(commands, limit):
    """{name: (median seconds, median ratio to `limit`)}; commands are
    callables that return seconds."""
    seconds = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            seconds[name].append(command())
    return {name: (statistics.median(all_of),
                   statistics.median(a / b for a, b in
                                     zip(all_of, seconds[limit])))
            for name, all_of in seconds.items()}


def show(title, results, count):
    print("\n%s" % title)
    print("  %-28s %9s %8s %10s" % ("", "seconds", "ratio", "tasks/s"))
    for name, (seconds, ratio) in results.items():
        print("  %-28s %9.3f %8.2f %10.0f" % (name, seconds, ratio,
                                              count / seconds))
    sys.stdout.flush()


# ---- graphs, in the form of each tool ----

def independent(count):
    return [[] for _ in range(count)]


def chain(count):
    return [[i - 1] if i else [] for i in range(count)]


def layers(depth, width, needs):
    """Each task after `needs` random ones of the layer before; a fixed LCG, so
    the same graph on every machine."""
    seed = 1
    graph = []
    for i in range(depth * width):
        row = set()
        while i >= width and len(row) < needs:
            seed = (seed * 1664525 + 1013904223) % 2**32
            row.add((i // width - 1) * width + (seed >> 8) % width)
        graph.append(sorted(row))
    return graph


def write(name, text):
    path = os.path.join(FOLDER, name)
    with open(path, "w") as out:
        out.write(text)
    return path


def write_graph(graph):
    return write("graph", "".join(" ".join(map(str, row)) + "\n"
                                  for row in graph))


def write_workflow(graph, program):
    tasks = {}
    for i, row in enumerate(graph):
        tasks["t%d" % i] = {"command": [program]}
        if row:
            tasks["t%d" % i]["needs"] = ["t%d" % n for n in row]
    return write("workflow.json", json.dumps({"version": 1, "tasks": tasks}))


def write_makefile(graph, program):
    names = " ".join("t%d" % i for i in range(len(graph)))
    rules = ["all: %s\n.PHONY: all %s\n" % (names, names)]
    rules += ["t%d: %s\n\t@%s\n" % (i, " ".join("t%d" % n for n in row),
                                    program)
              for i, row in enumerate(graph)]
    return write("makefile", "".join(rules))


def write_ninja(graph, program):
    lines = ["rule r\n  command = %s\n" % program]
    lines += ["build t%d: r %s\n" % (i, " ".join("t%d" % n for n in row))
              for i, row in enumerate(graph)]
    return write("build.ninja", "".join(lines))


# ---- haft ----

def modules():
    """A folder with what is installed: not the modules of the tests."""
    folder = os.path.join(FOLDER, "modules")
    if not os.path.isdir(folder):
        os.mkdir(folder, 0o755)
        libs = os.path.join(BUILD, ".libs")
        for name in os.listdir(libs):
            if name.endswith(".so") and not name.startswith(
                    ("guest-", "storage-faulty")):
                shutil.copy(os.path.join(libs, name), folder)
    return folder


def write_config(slots, storage="sqlite", executor="local"):
    return write("haft.conf", """[host]
modules = %s
isolation = none
state = %s/state
[storage]
plugin = %s
[pool:process]
slots = %d
[executor:noop]
[route]
process = %s
""" % (modules(), FOLDER, storage, slots, executor))


def fresh():
    stop_keepers()
    shutil.rmtree(os.path.join(FOLDER, "state"), ignore_errors=True)


def stop_keepers():
    """The keeper leaves by itself when nothing is left for it to do."""
    deadline = time.monotonic() + 5
    pattern = "haft-keeper"
    while time.monotonic() < deadline:
        left = [p for p in os.listdir("/proc") if p.isdigit() and
                owns(p, pattern)]
        if not left:
            return
        time.sleep(0.005)


def owns(pid, pattern):
    try:
        with open("/proc/%s/cmdline" % pid) as f:
            is_keeper = pattern in f.read()
        return is_keeper and any(
            os.readlink("/proc/%s/fd/%s" % (pid, fd)).startswith(FOLDER)
            for fd in os.listdir("/proc/%s/fd" % pid))
    except OSError:
        return False


def haft(*words):
    return [os.path.join(BUILD, "haft"), words[0], "--config",
            os.path.join(FOLDER, "haft.conf")] + list(words[1:])


def haft_run(path):
    def command():
        fresh()
        return timed(haft("run", "-q", path))
    return command


# ---- the workloads ----

def compare(title, graph, program, slots, tools, limit="posix_spawn loop"):
    graph_path = write_graph(graph)
    workflow = write_workflow(graph, program)
    write_config(slots)
    bare = os.path.join(BUILD, "tests/bench/limit")
    lines = write("lines", "\n" * len(graph))
    commands = {
        "posix_spawn loop": lambda: timed(
            [bare, "spawn", str(slots), program], graph_path),
        "vfork loop": lambda: timed(
            [bare, "vfork", str(slots), program], graph_path),
        "vfork + fdatasync each": lambda: timed(
            [bare, "sync", str(slots), program], graph_path),
        "haft": haft_run(workflow),
    }
    if "xargs" in tools and shutil.which("xargs"):
        commands["xargs -P"] = lambda: timed(
            ["xargs", "-d", "\n", "-P", str(slots), "-n", "1", program], lines)
    if shutil.which("make"):
        makefile = write_makefile(graph, program)
        commands["make -j"] = lambda: timed(
            ["make", "-s", "-f", makefile, "-j", str(slots)])
    if shutil.which("ninja"):
        ninja = write_ninja(graph, program)
        def run_ninja():
            for name in (".ninja_log", ".ninja_deps"):
                if os.path.exists(os.path.join(FOLDER, name)):
                    os.unlink(os.path.join(FOLDER, name))
            return timed(["ninja", "-f", ninja, "-j", str(slots), "--quiet"])
        commands["ninja -j"] = run_ninja
    show(title, interleave(commands, limit), len(graph))


def nop():
    return os.path.join(BUILD, "tests/bench/nop")


def w1():
    count = 1000 if QUICK else 10000
    for program in (nop(), "/bin/true"):
        for slots in (2, 8):
            compare("W1: %d independent %s, %d at once" %
                    (count, os.path.basename(program), slots),
                    independent(count), program, slots, ("xargs",))


def w2():
    count = 200 if QUICK else 1000
    compare("W2: a chain of %d true (bar: 1.35 x vfork + fdatasync each)" %
            count, chain(count), "/bin/true", 2, (), "vfork + fdatasync each")


def w3():
    depth = 20 if QUICK else 100
    compare("W3: %d layers of 100 nop, three needs each, 2 at once" % depth,
            layers(depth, 100, 3), nop(), 2, ())


def w4():
    depth = 100 if QUICK else 1000
    out = subprocess.run([os.path.join(BUILD, "tests/bench/graph"), str(depth),
                          "1000", "3"], stdout=subprocess.PIPE, check=True)
    figures = json.loads(out.stdout)
    print("\nW4: the core alone, %(tasks)d tasks of three needs each: loaded "
          "and planned in %(load_s).2f s, all ended in %(total_s).2f s; "
          "%(load_mb).0f MB, %(bytes_a_task).0f bytes a task; peak "
          "%(peak_mb).0f MB" % figures)


def row_sizes():
    """Bytes of a task's record, and of the events of a task."""
    import sqlite3
    db = sqlite3.connect("file:%s/state/haft.db?mode=ro" % FOLDER, uri=True)
    names = [row[0] for row in db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table'")]
    for name in names:
        columns = [row[1] for row in db.execute("PRAGMA table_info(%s)" % name)]
        if "key" in columns and "value" in columns:
            tasks, task_bytes = db.execute(
                "SELECT count(*), sum(length(value)) FROM %s WHERE "
                "CAST(substr(key, 1, 2) AS TEXT) = 't/'" % name).fetchone()
            event_bytes = db.execute(
                "SELECT sum(length(value)) FROM %s WHERE "
                "CAST(substr(key, 1, 2) AS TEXT) = 'e/'" % name).fetchone()[0]
            return task_bytes // tasks, event_bytes // tasks
    sys.exit("no table of records in haft.db")


def w5():
    for flight in (1, 8, 64):
        count = (500 if QUICK else 2000) * (1 if flight == 1 else 10)
        write_config(flight, executor="noop")
        workflow = write_workflow(independent(count), "none")
        fresh()
        timed(haft("run", "-q", workflow))
        task_bytes, event_bytes = row_sizes()
        db = os.path.join(FOLDER, "rows.db")

        def rows():
            for ending in ("", "-wal", "-shm"):
                if os.path.exists(db + ending):
                    os.unlink(db + ending)
            return timed([os.path.join(BUILD, "tests/bench/rows"), db,
                          str(count), str(flight), str(task_bytes),
                          str(event_bytes)])
        show("W5: %d durable no-op tasks, %d in flight (bar: rate 0.8 x bare "
             "SQLite, that is a ratio of 1.25)" % (count, flight),
             interleave({"bare SQLite": rows, "haft": haft_run(workflow)},
                        "bare SQLite"), count)


def start():
    write_config(2)
    one = write_workflow(independent(1), "/bin/true")
    makefile = write_makefile(independent(1), "/bin/true")
    fresh()
    timed(haft("run", "-q", one))
    commands = {
        "make": lambda: timed(["make", "-s", "-f", makefile]),
        "haft, state there": lambda: timed(haft("run", "-q", one)),
        "haft, fresh state": haft_run(one),
    }
    show("Start: one true (bars: 2.0 and 3.0 x make)",
         interleave(commands, "make"), 1)


def idle():
    write_config(2)
    fresh()
    begin = time.perf_counter()
    ready, told = os.pipe()
    daemon = subprocess.Popen(haft("serve"), stderr=told, cwd=FOLDER)
    os.close(told)
    with os.fdopen(ready) as log:
        for line in log:
            if "ready" in line and "host" in line:
                break
        seconds = time.perf_counter() - begin
        time.sleep(2)  # what is looked at once, a second after the start
        before = switches(daemon.pid)
        time.sleep(3)
        after = switches(daemon.pid)
        print("\nIdle daemon: ready in %.0f ms (bar: 50), %.1f MB resident "
              "(bar: 4), %d wake-ups in 3 s (bar: 0)" %
              (seconds * 1000, resident_mb(daemon.pid), after - before))
        daemon.send_signal(signal.SIGTERM)
        daemon.wait()


def status(pid, key):
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith(key):
                return int(line.split()[1])
    return 0


def switches(pid):
    total = 0
    for thread in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/status" % (pid, thread)) as f:
            total += sum(int(line.split()[1]) for line in f
                         if line.startswith("voluntary"))
    return total


def resident_mb(pid):
    return status(pid, "VmRSS") / 1024


def main():
    global BUILD, FOLDER, ROUNDS, QUICK
    words = sys.argv[1:]
    BUILD = os.path.abspath(words.pop(0))
    if "--rounds" in words:
        at = words.index("--rounds")
        ROUNDS = int(words[at + 1])
        del words[at:at + 2]
    if "--quick" in words:
        QUICK = True
        words.remove("--quick")
    all_of = {f.__name__: f for f in (start, idle, w1, w2, w3, w4, w5)}
    for name in words or all_of:
        FOLDER = tempfile.mkdtemp(prefix="haft-bench-")
        try:
            all_of[name]()
        finally:
            stop_keepers()
            shutil.rmtree(FOLDER, ignore_errors=True)


main()
