"""Hosts that are folders, and what stands in on them for Debian's commands.

What a command of the guide meets differs from a real host in this, and in nothing else:

- a path begins in the host's folder; a medium is the same folder for all hosts that it is put into, and for others none
- the names and addresses of vrs and centre are addresses of the loopback network, the ports that must be at 127.0.0.1 free ones
- a command is there if it is of a minimal Debian, or of a package that was installed
- the commands of STAND_INS do what Stands says; services are started as their units say (services.py)
"""

import json
import os
import random
import re
import shutil
import socket
import socketserver
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from services import Failure, Services

__all__ = ["Failure", "Host", "Hosts"]

ROOT = Path(__file__).resolve().parents[3]
# What a minimal Debian 12 has, as far as the guide and the packages' scripts use it.
MINIMAL = ("bash sh cat chmod cp cut date find grep head ls mkdir mktemp mv rm sed shred sleep tail timeout touch tr true "
           "dirname basename sort env id printf rmdir wc").split()
# What other packages bring.
BROUGHT = {"openssl": ["openssl"], "prometheus": ["promtool"], "cron": [], "curl": [], "rsync": [],
           "sqlite3": ["sqlite3"], "openssh-client": ["ssh-keygen"], "openssh-server": ["ssh-keygen"], "python3": []}
STAND_INS = "adduser apt-get chown curl install make rsync runuser systemctl".split()
PROGRAMS = ["vrs", "centre", "wallet", "verifier", "kiosk-sim", "printer-sim"]
# Which hosts a medium is put into.
MEDIA = {"akashi": {"build", "keys", "record", "web", "operator", "centre", "wallet", "terminal", "verifier"},
         "vrs": {"keys", "record"}, "centre": {"keys", "centre"}, "wallet": {"keys", "wallet"}, "phones": {"keys"},
         "operator": {"keys", "operator"},
         "terminal": {"keys", "terminal"}, "verifier": {"keys", "verifier"},
         "authority": {"keys", "authority", "record"}, "people": {"record"},
         "exchange": {"record", "web", "operator", "terminal"}, "page": {"terminal", "verifier"}}
# Whose configuration lies in which folder.
USERS = {"akashi-vrs": "vrs", "akashi-centre": "centre", "akashi-wallet": "wallet", "akashi-verifier": "verifier",
         "akashi-kiosk": "kiosk"}
# A path: not behind what is a part of a word, an address or a variable.
ABSOLUTE = re.compile(r"(?:(?<=^)|(?<=[\s\"'=\[(>,]))/(?=[a-z])(?!dev/)", re.MULTILINE)

# What must not be left behind that: a place of this machine.
OUTSIDE = re.compile(r"(?:(?<=^)|(?<=[\s\"'=\[(>,:]))/(?:boot|etc|home|lib|media|mnt|opt|root|run|srv|usr|var)\b", re.MULTILINE)

CLIENT = """#!{python} -S
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect({address!r})
    line.sendall(json.dumps([{host!r}, os.path.basename(sys.argv[0]), os.getcwd(), sys.argv[1:]]).encode() + b"\\n")
    answer = json.loads(line.makefile().readline())
sys.stderr.write(answer["says"])
sys.stderr.flush()
if answer["runs"]:
    os.execvp(answer["runs"][0], answer["runs"])
sys.exit(answer["status"])
"""


class Host:
    """One host."""

    def __init__(self, name: str, hosts: "Hosts") -> None:
        self.name, self.hosts = name, hosts
        self.root = hosts.folder / name
        self.packages: set[str] = set()
        # Who owns a file that is not root's.
        self.owners: dict[Path, str] = {}
        self.accounts: set[str] = set()
        self.base, self.stands = self.root / "base", self.root / "stand-ins"
        for folder in (self.base, self.stands, self.path("/root"), self.path("/etc/cron.d"), self.path("/srv"),
                       self.path("/usr/local/bin"), self.path("/usr/local/sbin"), self.path("/etc/prometheus"),
                       self.path("/etc/default"), self.path("/var/lib")):
            folder.mkdir(parents=True)
        self.give(MINIMAL)
        for command in STAND_INS:
            if command not in BROUGHT and command != "make":
                self.stand(command)
        # By its path, where what runs a command does not look there.
        self.path("/usr/sbin").mkdir(parents=True)
        self.path("/usr/sbin/runuser").symlink_to(self.stands / "runuser")

    def give(self, commands: list[str]) -> None:
        for command in commands:
            (self.base / command).unlink(missing_ok=True)
            (self.base / command).symlink_to(shutil.which(command) or f"/missing/{command}")

    def stand(self, command: str) -> None:
        path = self.stands / command
        path.write_text(CLIENT.format(python=sys.executable, address=self.hosts.address, host=self.name))
        path.chmod(0o755)

    def path(self, path: str) -> Path:
        """Where a path of the host lies."""
        return self.root / path[1:]

    def mapped(self, text: str) -> str:
        """A text of the guide or a package as this host has it."""
        text = ABSOLUTE.sub(lambda match: f"{self.root}/", text)
        text = text.replace(f"{self.root}/media/", f"{self.hosts.media}/")
        for name, address in self.hosts.names.items():
            text = text.replace(name, address)
        return re.sub(r"\b(?:9443|9444|9446|8080)\b", lambda match: self.hosts.port(self.name, match[0]), text)

    @property
    def environment(self) -> dict[str, str]:
        folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/bin"]
        path = [*(str(self.path(folder)) for folder in folders), str(self.stands), str(self.base)]
        return {"PATH": ":".join(path), "HOME": str(self.path("/root")), "LANG": "C.UTF-8",
                "TMPDIR": str(self.hosts.temporary), "SWIFT_BACKTRACE": "enable=no"}

    def refuse_outside(self, text: str) -> str:
        """A text that is run; throws if it names a place that is not the host's: of this machine, or on a medium of others."""
        for medium in re.findall(re.escape(f"{self.hosts.media}/") + r"([a-z]*)", text):
            if self.name not in MEDIA.get(medium, ()):
                raise Failure(f"/media/{medium} is not put into the host {self.name}")
        left = text.replace(str(self.hosts.folder), "HOST")
        if found := OUTSIDE.search(left):
            raise Failure(f"{found[0]} is not the host's")
        return text

    def shell(self, commands: str) -> str:
        """Runs commands and gives what they printed; the first that fails ends them."""
        self.refuse_outside(commands)
        process = self.hosts.services.start(
            [shutil.which("bash") or "/bin/bash", "-euo", "pipefail", "-c", commands], self.environment, None,
            folder=self.path("/root"))
        try:
            printed = process.communicate(timeout=120)[0].decode()
        except subprocess.TimeoutExpired:
            raise Failure(f"not ended after two minutes:\n{commands}") from None
        if process.returncode != 0:
            raise Failure(f"exit {process.returncode}:\n{printed}\n{commands}")
        return printed

    def write(self, file: str, text: str) -> None:
        path = self.path(file)
        if not path.parent.is_dir():
            raise Failure(f"there is no folder {path.parent}")
        path.write_text(self.refuse_outside(text))
        if file.startswith("/etc/cron.d/"):
            command = text.split()[6]
            if not shutil.which(command, path=self.environment["PATH"]) and not Path(command).parent.is_dir():
                raise Failure(f"{file}: there is no {command}")

    def readable(self, user: str) -> None:
        """Throws if a service's user cannot read its configuration: of what only its owner reads it must be the owner."""
        folder = self.path("/etc/akashi/" + USERS[user])
        for path in [folder, *folder.rglob("*")]:
            if not path.lstat().st_mode & stat.S_IROTH and self.owners.get(path) != user:
                raise Failure(f"{path} is root's: {user} cannot read it")


class Hosts:
    """All hosts, the media that are carried between them, and their services."""

    NAMES = ["build", "keys", "authority", "record", "web", "operator", "centre", "wallet", "terminal", "verifier"]

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder, self.binaries = folder, binaries
        self.media, self.temporary = folder / "carried", folder / "temporary"
        for name in MEDIA:
            (self.media / name).mkdir(parents=True)
        self.temporary.mkdir()
        self.address = str(folder / "stand-ins")
        network = f"127.{random.randint(1, 254)}.{random.randint(0, 254)}"
        self.names = {"vrs.example.jp": f"{network}.1", "192.0.2.10": f"{network}.1",
                      "centre.example.jp": f"{network}.2", "198.51.100.10": f"{network}.2",
                      "wallet.example.jp": f"{network}.3", "198.51.100.20": f"{network}.3"}
        self.ports: dict[tuple[str, str], str] = {}
        self.services = Services(folder)
        self.hosts = {name: Host(name, self) for name in self.NAMES}
        self["build"].stand("make")
        self.server = Stands(self)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __getitem__(self, name: str) -> Host:
        if name not in self.hosts:
            raise Failure(f"there is no host {name}")
        return self.hosts[name]

    def port(self, host: str, port: str) -> str:
        """A free port of this machine in the place of one of a host's own."""
        if (host, port) not in self.ports:
            while True:
                chosen = random.randint(10_240, 30_000)
                with socket.socket() as probe:
                    try:
                        probe.bind(("127.0.0.1", chosen))
                        break
                    except OSError:
                        continue
            self.ports[host, port] = str(chosen)
        return self.ports[host, port]

    def end(self) -> None:
        self.server.shutdown()
        self.services.end()


class Stands(socketserver.ThreadingUnixStreamServer):
    """What the stand-ins of commands do: each gives what it runs in its place, if anything."""

    daemon_threads = True

    def __init__(self, hosts: Hosts) -> None:
        self.hosts = hosts
        super().__init__(hosts.address, Answering)

    def make(self, host: Host, folder: Path, words: list[str]) -> None:
        """The packages of programs that stand in for the real ones, which are linked where a package is installed."""
        version = words[1].removeprefix("VERSION=")
        stand_ins = self.hosts.folder / "stand-in-programs"
        for name in PROGRAMS:
            stand_ins.mkdir(exist_ok=True)
            shutil.copy("/usr/bin/true", stand_ins / name)
        for name in ("Akashi_VerifierService", "Akashi_Terminal"):
            shutil.copytree(self.hosts.binaries / f"{name}.resources", stand_ins / f"{name}.resources")
        made = subprocess.run(
            [ROOT / ".make/package/build", stand_ins, folder / ".build/package/deb", "--version", version,
             "--help-from", self.hosts.binaries],
            env={**os.environ, "SOURCE_DATE_EPOCH": "1790000000"}, capture_output=True, text=True)
        if words[0] != "package" or made.returncode != 0:
            raise Failure(f"make {words}: {made.stderr}")

    def apt_get(self, host: Host, folder: Path, words: list[str]) -> None:
        if words[:2] != ["install", "-y"]:
            raise Failure(f"apt-get {words}")
        for word in words[2:]:
            if word == "--no-install-recommends":
                continue
            if word.endswith(".deb"):
                self.unpack(host, Path(word))
            elif word in BROUGHT:
                if word not in host.packages:
                    host.give(BROUGHT[word])
                    if word == "openssh-server":
                        host.path("/etc/ssh").mkdir()
                        host.shell('ssh-keygen -q -t ed25519 -N "" -f ' + str(host.path("/etc/ssh/ssh_host_ed25519_key")))
                    if word in STAND_INS:
                        host.stand(word)
                host.packages.add(word)
            else:
                raise Failure(f"there is no package {word}")

    def unpack(self, host: Host, package: Path) -> None:
        unpacked = Path(tempfile.mkdtemp(dir=self.hosts.temporary))
        subprocess.run(["dpkg-deb", "--raw-extract", package, unpacked], check=True)
        scripts = unpacked / "DEBIAN"
        # What names places is mapped before it comes to the host, whose other files are left alone.
        for folder in ("etc", "lib/systemd/system", "usr/share/doc"):
            for path in (unpacked / folder).rglob("*"):
                if path.is_file():
                    path.write_text(host.mapped(path.read_text()))
        for path in (unpacked / "usr/lib").glob("akashi-*/*"):
            if path.name in PROGRAMS:
                path.unlink()
                path.symlink_to(self.hosts.binaries / path.name)
        script = host.mapped((scripts / "postinst").read_text()) if (scripts / "postinst").exists() else ""
        shutil.rmtree(scripts)
        shutil.copytree(unpacked, host.root, symlinks=True, dirs_exist_ok=True)
        if script:
            host.shell(f"set -- configure ''\n{script}")

    def chown(self, host: Host, folder: Path, words: list[str]) -> None:
        user, *paths = [word for word in words if word != "-R"]
        for path in map(Path, paths):
            for one in [path, *path.rglob("*")] if "-R" in words else [path]:
                if not one.exists():
                    raise Failure(f"there is no {one}")
                self.own(host, one, user.rstrip(":"))

    def own(self, host: Host, path: Path, user: str) -> None:
        if user not in ("root", *host.accounts, *(user for user in USERS if host.path(f"/etc/akashi/{USERS[user]}").is_dir())):
            raise Failure(f"{host.name} has no user {user}")
        host.owners[path] = user

    def install(self, host: Host, folder: Path, words: list[str]) -> list[str]:
        """Without the owner, which is noted. A group that may read stands for the owner."""
        arguments, owners, rest = [], [], iter(words)
        for word in rest:
            if word in ("-o", "-g"):
                owners.append(next(rest))
            else:
                arguments.append(word)
        for owner in owners:
            if owner != "root":
                host.owners[Path(arguments[-1])] = owner
        return [shutil.which("install") or "install", *arguments]

    def adduser(self, host: Host, folder: Path, words: list[str]) -> None:
        if words[-1] in USERS:
            return
        host.accounts.add(words[-1])
        Path(words[words.index("--home") + 1]).mkdir()

    def runuser(self, host: Host, folder: Path, words: list[str]) -> list[str]:
        if words[0] != "-u" or words[2] != "--":
            raise Failure(f"runuser {words}")
        host.readable(words[1])
        return words[3:]

    def curl(self, host: Host, folder: Path, words: list[str]) -> list[str]:
        """With the web host in the place of the proxy that holds its certificate."""
        web = f"http://127.0.0.1:{self.hosts.port('web', '8080')}"
        words = [word.replace("https://vaccination.example.jp", web).replace("=https", "=http") for word in words]
        return [shutil.which("curl") or "curl", *words]

    def rsync(self, host: Host, folder: Path, words: list[str]) -> list[str]:
        """From the folder that the account on the record host is restricted to, if each side knows the other's key."""
        address, record = self.hosts.names["vrs.example.jp"], self.hosts["record"]
        if words[:2] != ["-a", "--delete"] or words[2] != f"publish@{address}:":
            raise Failure(f"rsync {words}")
        keys = record.path("/var/lib/publish/.ssh/authorized_keys")
        own = host.path("/root/.ssh/id_ed25519.pub").read_text().strip()
        permitted = re.fullmatch(rf'restrict,command="rrsync -ro (\S+)" {re.escape(own)}', keys.read_text().strip())
        known = f"{address} {record.path('/etc/ssh/ssh_host_ed25519_key.pub').read_text()}"
        if not permitted or record.owners.get(keys) != "publish" or not {"rsync", "python3"} <= record.packages:
            raise Failure("the record host lets nobody in")
        if known not in host.path("/root/.ssh/known_hosts").read_text():
            raise Failure("the record host's key is not known")
        source, target = Path(permitted[1]), Path(words[3])
        for path in sorted(target.rglob("*"), reverse=True):
            if not (source / path.relative_to(target)).exists():
                path.rmdir() if path.is_dir() else path.unlink()
        return ["cp", "-r", f"{source}/.", target]

    def systemctl(self, host: Host, folder: Path, words: list[str]) -> None:
        command, *units = [word for word in words if not word.startswith("-")]
        if command not in ("enable", "start", "restart", "stop"):
            raise Failure(f"systemctl {words}")
        for unit in units:
            if command == "stop":
                self.hosts.services.stop(host, unit)
                continue
            if unit.removesuffix(".service") in host.packages:
                continue
            self.hosts.services.begin(host, unit, starts=command != "enable" or "--now" in words)


class Answering(socketserver.StreamRequestHandler):
    """One command."""

    server: Stands

    def handle(self) -> None:
        name, command, folder, words = json.loads(self.rfile.readline())
        answer: dict[str, object] = {"says": "", "runs": [], "status": 0}
        try:
            do = getattr(self.server, command.replace("-", "_"))
            answer["runs"] = [str(word) for word in do(self.server.hosts[name], Path(folder), words) or []]
        except (Failure, subprocess.CalledProcessError, OSError) as failure:
            answer |= {"says": f"{command}: {failure}\n", "status": 1}
        self.wfile.write(json.dumps(answer).encode() + b"\n")
