"""Install Chromium, its driver and certutil on Debian; where that cannot be, the tests say what they miss."""

import os
import shutil
import subprocess
import sys

PACKAGES = {"chromium": "chromium", "chromedriver": "chromium-driver", "certutil": "libnss3-tools"}


def main() -> int:
    """Install what is missing, and return the exit status."""
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if not missing:
        return 0
    installer = shutil.which("apt-get")
    if installer is None or os.geteuid() != 0:
        print(f"Only root can install {', '.join(missing)}, and only on Debian: tests are skipped.", file=sys.stderr)
        return 0
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([installer, "update", "--quiet"], env=quiet, check=True)
    options = ("--yes", "--quiet", "--no-install-recommends")
    subprocess.run([installer, "install", *options, *missing], env=quiet, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
