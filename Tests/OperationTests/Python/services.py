"""Services as their units say: the command line, its environment and files, and when it is ready."""

import ctypes
import fcntl
import os
import pty
import queue
import re
import select
import shlex
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hosts import Host

PATIENCE = 90
PR_SET_PDEATHSIG = 1


class Failure(Exception):
    """A step that does not do what the guide says."""


class Screen:
    """The far end of a terminal's screen and keyboard."""

    def __init__(self, near: int) -> None:
        self.near, self.shown = near, b""

    def appear(self, text: str) -> None:
        """Waits for a text that was not there before."""
        end = time.monotonic() + PATIENCE
        while text.encode() not in self.shown:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.near], [], [], left)[0]:
                raise Failure(f"never on the screen: {text}\n{self.shown[-3000:].decode(errors='replace')}")
            self.shown += os.read(self.near, 65_536)
        self.shown = self.shown.partition(text.encode())[2]

    def press(self, keys: str) -> None:
        # What was pressed before a question was asked is forgotten: a person reads it first.
        time.sleep(0.2)
        os.write(self.near, keys.encode())


class Services:
    """What runs, on all hosts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.running: list[subprocess.Popen[bytes]] = []
        self.units: dict[tuple[str, str], subprocess.Popen[bytes]] = {}
        self.screens: dict[str, Screen] = {}
        # A process ends with the thread that started it, so that one thread starts all, and ends with this program.
        self.orders: queue.Queue[tuple[Any, dict[str, Any], queue.Queue[Any]]] = queue.Queue()
        threading.Thread(target=self._start_all, daemon=True).start()

    def _start_all(self) -> None:
        libc = ctypes.CDLL(None)

        def dies_with_us() -> None:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

        while True:
            words, options, answer = self.orders.get()
            before = options.pop("before", None)

            def prepare(before: Any = before) -> None:
                dies_with_us()
                if before:
                    before()

            try:
                answer.put(subprocess.Popen(words, preexec_fn=prepare, start_new_session=True, **options))
            except OSError as error:
                answer.put(Failure(str(error)))

    def _popen(self, words: list[str], **options: Any) -> subprocess.Popen[bytes]:
        answer: queue.Queue[Any] = queue.Queue()
        self.orders.put((words, options, answer))
        made = answer.get()
        if isinstance(made, Failure):
            raise made
        self.running.append(made)
        return made

    def start(
        self, words: list[str], environment: dict[str, str], log: Path | None, folder: Path | None = None
    ) -> subprocess.Popen[bytes]:
        """Starts a program; without a log what it prints can be read."""
        output = log.open("ab") if log else subprocess.PIPE
        return self._popen(
            words, env=environment, cwd=folder or self.folder, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT)

    def begin(self, host: "Host", unit: str, starts: bool) -> None:
        """Starts a unit, or looks whether it could be."""
        template = re.sub(r"@[^.]+\.", "@.", unit)
        instance = unit.partition("@")[2].rpartition(".")[0]
        file = host.path(f"/lib/systemd/system/{template}")
        if not file.is_file():
            raise Failure(f"there is no unit {unit}")
        settings: dict[str, list[str]] = {}
        for line in file.read_text().replace("%I", instance).replace("%i", instance).splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith("#"):
                settings.setdefault(key, []).append(value)
        if unit.endswith(".timer"):
            if not host.path(f"/lib/systemd/system/{unit.removesuffix('.timer')}.service").is_file():
                raise Failure(f"{unit} starts nothing")
            return
        running = self.units.get((host.name, unit))
        if starts and not (running and running.poll() is None):
            self._begin(host, unit, settings)

    def stop(self, host: "Host", unit: str) -> None:
        """Ends a service that runs; a timer has none, and one that is started by a timer has ended."""
        process = self.units.pop((host.name, unit), None)
        timer = unit.removesuffix(".service").removesuffix(".timer") + ".timer"
        if not host.path(f"/lib/systemd/system/{timer}").is_file():
            if not process:
                raise Failure(f"{unit} does not run")
            process.terminate()
            if process.wait(PATIENCE) != 0:
                raise Failure(f"{unit} ended with {process.returncode}")

    def _begin(self, host: "Host", unit: str, settings: dict[str, list[str]]) -> None:
        # systemd passes over it without a word.
        for path in settings.get("ConditionPathExists", []):
            if not Path(path).exists():
                raise Failure(f"{unit} is not started: there is no {path}")
        host.readable(settings["User"][0])
        environment = dict(host.environment)
        for file in settings.get("EnvironmentFile", []):
            lines = Path(file).read_text().splitlines()
            environment |= dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
        for variables in settings.get("Environment", []):
            environment |= dict(variable.split("=", 1) for variable in shlex.split(variables))
        words = []
        for word in shlex.split(settings["ExecStart"][0]):
            words += environment.get(word[1:], "").split() if word.startswith("$") else [word]
        log = (self.logs / f"{host.name}-{unit}.log").open("ab")
        kind = settings["Type"][0]
        if kind == "oneshot":
            process = self._popen(words, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            status = process.wait(PATIENCE)
            if status != 0:
                raise Failure(f"{unit} ended with {status}")
        elif kind == "notify":
            self._notify(host, unit, words, environment, log)
        else:
            self._screen(host, unit, words, environment, log, settings)

    def _notify(
        self, host: "Host", unit: str, words: list[str], environment: dict[str, str], log: IO[bytes]
    ) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
            address = str(self.folder / f"n{len(self.running)}")
            ear.bind(address)
            ear.settimeout(0.2)
            process = self._popen(
                words, env={**environment, "NOTIFY_SOCKET": address}, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end:
                try:
                    if b"READY=1" in ear.recv(4096).splitlines():
                        self.units[host.name, unit] = process
                        return
                except TimeoutError:
                    if process.poll() is not None:
                        raise Failure(f"{unit} ended with {process.returncode}") from None
            raise Failure(f"{unit} never said that it is ready")

    def _screen(
        self, host: "Host", unit: str, words: list[str], environment: dict[str, str], log: IO[bytes],
        settings: dict[str, list[str]],
    ) -> None:
        near, far = pty.openpty()
        fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        if "PCSCLITE_CSOCK_NAME" in os.environ:
            environment["PCSCLITE_CSOCK_NAME"] = os.environ["PCSCLITE_CSOCK_NAME"]
        self.units[host.name, unit] = self._popen(
            words, env=environment, stdin=far, stdout=far, stderr=log, cwd=settings["WorkingDirectory"][0],
            before=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(far)
        self.screens[host.name] = Screen(near)

    def screen(self, host: str) -> Screen:
        if host not in self.screens:
            raise Failure(f"nothing runs on the screen of {host}")
        return self.screens[host]

    def tell(self, output: IO[str]) -> None:
        """The end of each log."""
        for log in sorted(self.logs.iterdir()):
            print(f"-- {log.name}", "".join(log.read_text(errors="replace").splitlines(keepends=True)[-12:]), file=output)

    def end(self) -> None:
        """Ends all that was started, the last one first."""
        for process in reversed(self.running):
            if process.poll() is None:
                process.terminate()
        for process in reversed(self.running):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
