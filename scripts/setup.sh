# Sourced by the other scripts: makes the virtual environment .venv and installs exact versions.
# PYTHON names another interpreter than python3.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
"${PYTHON:-python3}" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "camtrap_jax needs Python 3.11 or newer; set PYTHON to one, for example PYTHON=python3.11" >&2
  exit 1
}
[ -x .venv/bin/python ] || "${PYTHON:-python3}" -m venv .venv
. .venv/bin/activate

# install NAME FILE PIP_ARGUMENT...: calls pip, unless it was called with the same FILE before.
install() {
  local mark=".venv/installed-$1" wanted
  wanted=$(sha256sum "$2")
  if [ "$(cat "$mark" 2>/dev/null)" != "$wanted" ]; then
    python -m pip install --quiet --disable-pip-version-check "${@:3}"
    echo "$wanted" > "$mark"
  fi
}

install packages requirements.txt --requirement requirements.txt
install camtrap pyproject.toml --no-deps --editable .
