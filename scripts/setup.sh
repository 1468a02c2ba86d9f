# Sourced by the other scripts: makes the virtual environment .venv and installs exact versions.
# PYTHON names another interpreter than python3; extra arguments are passed to pip.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
"${PYTHON:-python3}" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "camtrap_jax needs Python 3.11 or newer; set PYTHON to one, for example PYTHON=python3.11" >&2
  exit 1
}
[ -x .venv/bin/python ] || "${PYTHON:-python3}" -m venv .venv
. .venv/bin/activate
# Installed already, by an earlier run with the same versions?
wanted=$(cat requirements.txt pyproject.toml | sha256sum)
if [ "$(cat .venv/installed 2>/dev/null)" != "$wanted" ]; then
  python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
  python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
  echo "$wanted" > .venv/installed
fi
