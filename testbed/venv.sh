#!/usr/bin/env bash
# Makes sure that python3 can create a virtual environment. Debian has the modules for it in a package of its own, which
# is installed if this runs as root. Messages go to standard error: what some targets of make print is a path.
set -euo pipefail

has_modules() {
  python3 -c 'import ensurepip, venv' 2>/dev/null
}

if ! has_modules && [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null; then
  echo "Debian packages: installing python3-venv" >&2
  apt-get -qq update >&2
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends python3-venv >/dev/null
fi
has_modules || {
  echo "python3 can't create a virtual environment: install the package python3-venv (Debian, Ubuntu), or a Python 3.11 or newer with its modules venv and ensurepip." >&2
  exit 1
}
