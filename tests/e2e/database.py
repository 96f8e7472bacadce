"""A PostgreSQL of Debian's, for tests that keep state in one."""

import os
import pwd
import shutil
import subprocess
import tempfile


def find_bin():
    try:
        found = subprocess.check_output(["pg_config", "--bindir"], text=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return None
    return found if os.access(os.path.join(found, "initdb"), os.X_OK) else None


class Server:
    """A PostgreSQL in a folder of its own, on a unix socket there. It goes when
    this program does, however that ends: a shell waits for its end."""

    def __init__(self, bin_):
        self.folder = tempfile.mkdtemp(prefix="haft-pg.")
        os.chmod(self.folder, 0o777)
        self.data = os.path.join(self.folder, "data")
        self.control = os.path.join(bin_, "pg_ctl")
        self.psql = os.path.join(bin_, "psql")
        self.guardian = subprocess.Popen(
            self.as_somebody("sh", "-c", 'read -r _; "$@"', "guardian")
            + [self.control, "-D", self.data, "-m", "immediate", "stop"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        self.run(
            *[os.path.join(bin_, "initdb"), "-D", self.data, "-U", "haft"],
            *["-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        )
        self.pg_ctl("start")

    @staticmethod
    def as_somebody(*words):
        """A server does not run as root."""
        if os.geteuid() != 0:
            return list(words)
        names = {user.pw_name for user in pwd.getpwall()}
        user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
        ids = ["--reuid=%d" % user.pw_uid, "--regid=%d" % user.pw_gid]
        return ["setpriv", *ids, "--clear-groups", *words]

    def run(self, *words):
        with open(os.path.join(self.folder, "log"), "a+b") as log:
            code = subprocess.call(
                self.as_somebody(*words),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=dict(os.environ, LC_ALL="C"),
            )
            log.seek(0)
            if code:
                raise AssertionError(log.read().decode(errors="replace"))

    def pg_ctl(self, verb):
        options = "-c listen_addresses='' -c unix_socket_directories=%s" % self.folder
        log = os.path.join(self.data, "server.log")
        words = ["-D", self.data, "-w", "-m", "immediate", "-l", log]
        self.run(self.control, *words, "-o", options + " -c fsync=off", verb)

    def stop(self):
        self.guardian.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, text):
        """Runs it in the database; the one value, or nothing, that it gives."""
        return subprocess.run(
            [self.psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
            + ["-h", self.folder, "-U", "haft", "-d", "postgres"],
            input=text,
            stdout=subprocess.PIPE,
            check=True,
            text=True,
            timeout=60,
        ).stdout.strip()
