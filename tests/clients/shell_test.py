"""The shell at a terminal, typed into through a pseudo-terminal of this process.

`COHORTQL_BINARY` says where the binary is; the Rust test `cli::terminal` runs this. Nothing
sleeps: each step waits for what the shell must show, up to a deadline.
"""

import fcntl
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import tempfile
import termios
import time
import unittest

BINARY = os.environ["COHORTQL_BINARY"]

# Longer than anything here takes.
PATIENCE_SECONDS = 60

ROWS, COLUMNS = 60, 120
ENDLESS = "select count(*) from generate_series(1, 1000000000000) where value % 7 = 3;"
WHERE_IS_THE_CURSOR = b"\x1b[6n"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78]")
PROMPT = "cohortql> "


class Terminal:
    """A running shell: what it has shown so far, and keys for it."""

    def __init__(self, state):
        self.shown = ""
        self.seen = 0
        self.child, self.handle = pty.fork()
        if self.child == 0:
            environment = {
                "HOME": str(state),
                "XDG_STATE_HOME": str(state),
                "TERM": "xterm",
                "NO_COLOR": "1",
                "PATH": os.environ["PATH"],
            }
            os.chdir(state)
            os.execve(BINARY, [BINARY], environment)
        size = struct.pack("HHHH", ROWS, COLUMNS, 0, 0)
        fcntl.ioctl(self.handle, termios.TIOCSWINSZ, size)

    def type(self, keys):
        os.write(self.handle, keys.encode())

    def read(self, deadline):
        """Takes in what came; whether there may be more."""
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self.handle], [], [], left)[0]:
            raise AssertionError(f"nothing more came after:\n{self.shown}")
        try:
            came = os.read(self.handle, 1 << 16)
        except OSError:
            came = b""
        for _ in range(came.count(WHERE_IS_THE_CURSOR)):
            os.write(self.handle, b"\x1b[1;1R")
        self.shown += ESCAPES.sub("", came.decode(errors="replace"))
        return bool(came)

    def wait_for(self, text):
        """Reads until `text` stands after what was waited for before."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (at := self.shown.find(text, self.seen)) < 0:
            if not self.read(deadline):
                raise AssertionError(f"ended without {text!r}:\n{self.shown}")
        self.seen = at + len(text)

    def exit_code(self):
        """Reads to the end."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.read(deadline):
            pass
        _, status = os.waitpid(self.child, 0)
        self.child = None
        return os.waitstatus_to_exitcode(status)

    def end(self):
        os.close(self.handle)
        if self.child is not None:
            os.kill(self.child, signal.SIGKILL)
            os.waitpid(self.child, 0)


class Shell(unittest.TestCase):
    def setUp(self):
        self.state = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.state)
        self.terminal = self.start()

    def start(self):
        terminal = Terminal(self.state)
        self.addCleanup(terminal.end)
        terminal.wait_for("Ctrl-D to leave")
        terminal.wait_for(PROMPT)
        return terminal

    def leave(self, terminal):
        terminal.type("\x04")
        self.assertEqual(terminal.exit_code(), 0)

    def test_a_statement_takes_several_lines_and_the_history_keeps_it(self):
        terminal = self.terminal
        terminal.type("select 20 +\r")
        terminal.wait_for("-> ")
        terminal.type("22 as answer;\r")
        terminal.wait_for("│     42 │")
        terminal.wait_for("1 row")
        terminal.wait_for(PROMPT)
        self.leave(terminal)
        again = self.start()
        again.type("\x1b[A")
        again.wait_for("22 as answer;")
        again.type("\r")
        again.wait_for("│     42 │")
        again.wait_for(PROMPT)
        self.leave(again)

    def test_ctrl_c_cancels_the_query_and_keeps_the_session(self):
        terminal = self.terminal
        terminal.type("create table kept as select 7 as seven;\r")
        terminal.wait_for("done")
        terminal.wait_for(PROMPT)
        terminal.type(ENDLESS + "\r")
        # The bar of a query that takes more than a second.
        terminal.wait_for("Ctrl-C cancels · ")
        terminal.type("\x03")
        terminal.wait_for("cancelled")
        terminal.wait_for(PROMPT)
        terminal.type("select seven from kept;\r")
        terminal.wait_for("│     7 │")
        terminal.wait_for(PROMPT)
        self.leave(terminal)

    def test_timing_says_how_long_and_ctrl_c_clears_the_line(self):
        terminal = self.terminal
        terminal.type("\\timing\r")
        terminal.wait_for("timing is on")
        terminal.wait_for(PROMPT)
        terminal.type("select nonsense")
        terminal.wait_for("nonsense")
        terminal.type("\x03")
        terminal.wait_for(PROMPT)
        terminal.type("select 1 as one;\r")
        terminal.wait_for("1 row · 0.")
        terminal.wait_for(" s")
        terminal.wait_for(PROMPT)
        terminal.type("selec 1;\r")
        terminal.wait_for("error: ")
        terminal.wait_for(PROMPT)
        self.leave(terminal)

    def test_a_history_that_cannot_be_written_is_said_once(self):
        terminal = self.terminal
        folder = self.state / "cohortql"
        shutil.rmtree(folder)
        folder.write_text("in the way")
        for expected in ["│   1 │", "│   2 │"]:
            terminal.type(f"select {expected[4]} as one;\r")
            terminal.wait_for(expected)
            terminal.wait_for(PROMPT)
        self.assertEqual(terminal.shown.count("the history cannot be written"), 1)
        terminal.type("quit\r")
        self.assertEqual(terminal.exit_code(), 0)


if __name__ == "__main__":
    unittest.main()
