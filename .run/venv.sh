# Sourced by conformance/run and benchmarks/run: makes the Python environment with the real Vineyard.
# They set me and root as for java.sh, which has fail.
# shellcheck shell=bash disable=SC2154

# Prints where the environment is unless somebody says otherwise.
usual_venv() {
  echo "$root/conformance/.venv"
}

# has_vineyard VENV: whether all that is needed is there, of the right version. Asks no network.
has_vineyard() {
  [[ -x $1/bin/python ]] && "$1/bin/python" -m pip --disable-pip-version-check install -q --no-index \
    -r "$root/conformance/requirements.txt" >/dev/null 2>&1
}

# ensure_venv VENV: makes it, or adds what it lacks.
ensure_venv() {
  local venv=$1 said
  if has_vineyard "$venv"; then return; fi
  if [[ ! -x $venv/bin/python ]]; then
    command -v python3 >/dev/null || fail "needs Python, 3.8 or newer: no python3 on the PATH"
    echo "$me: making $venv, which downloads the real Vineyard" >&2
    said=$(python3 -m venv "$venv" 2>&1) ||
      fail "python3 -m venv failed (Debian and Ubuntu have it in the package python3-venv): $said"
  else
    echo "$me: adding what $venv lacks" >&2
  fi
  said=$("$venv/bin/python" -m pip --version 2>&1) || fail "$venv has no pip: $said"
  said=$("$venv/bin/python" -m pip --disable-pip-version-check install -q -r "$root/conformance/requirements.txt" 2>&1) ||
    fail "pip could not install what conformance/requirements.txt lists: $said"
}
