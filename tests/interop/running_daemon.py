"""A cardinald of its own for each test."""

import ctypes
import signal
import subprocess
import sys
import tempfile

READY_S = 60
STOP_S = 60
PR_SET_PDEATHSIG = 1


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class RunningDaemon:
    """Started on a free port; `with RunningDaemon(program) as daemon:` stops it again."""

    def __init__(self, program, *options):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [program, "--listen", "tcp://127.0.0.1:0", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.log,
            preexec_fn=_die_with_parent,
        )
        signal.alarm(READY_S)
        line = self.process.stdout.readline().decode()
        signal.alarm(0)
        word, self.address = line.split()
        assert word == "ready", line

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(STOP_S)
        self.process.stdout.close()
        if kind is not None or status != 0:
            self.log.seek(0)
            sys.stderr.write(self.log.read().decode(errors="replace"))
        self.log.close()
        assert status == 0, f"cardinald exited with {status}"
