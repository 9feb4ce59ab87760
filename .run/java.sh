# Sourced by samples/run and benchmarks/run: finds Java, and builds what is missing or older than its
# sources. They set me, what they call themselves, and root, the folder of the project.
# shellcheck shell=bash disable=SC2154

fail() {
  echo "$me: $*" >&2
  exit 1
}

# Sets java and version. Uses JAVA_HOME, else the java on the PATH.
find_java() {
  if [[ -n ${JAVA_HOME:-} ]]; then
    java=$JAVA_HOME/bin/java
    [[ -x $java ]] || fail "JAVA_HOME is $JAVA_HOME, where there is no bin/java"
  else
    java=$(command -v java) || fail "needs a JDK, 17 or newer: no java on the PATH, and JAVA_HOME is not set"
  fi
  local said
  said=$("$java" -version 2>&1) || fail "$java does not start: $said"
  version=$(sed -n 's/.* version "\([0-9]*\).*/\1/p' <<<"$said")
  ((${version:-0} >= 17)) || fail "needs Java 17 or newer, $java is ${version:-unknown}"
}

# Prints the sources of modules.
sources() {
  local path module
  for path in pom.xml .mvn; do
    if [[ -e $root/$path ]]; then echo "$root/$path"; fi
  done
  for module in "$@"; do
    for path in pom.xml src/main; do
      if [[ -e $root/$module/$path ]]; then echo "$root/$module/$path"; fi
    done
  done
}

# is_current STAMP MODULE... TARGET-MODULE: whether the last module is built of what there is now.
is_current() {
  local stamp=$1 out=$root/${!#}/target/quick
  shift
  local classpath=$out/classpath.txt
  [[ -e $stamp && -e $classpath && -d $out/classes ]] || return 1
  local entry entries paths
  IFS=: read -r -a entries <"$classpath" || true
  for entry in "${entries[@]}"; do
    [[ -e $entry ]] || return 1
  done
  mapfile -t paths < <(sources "$@")
  [[ -z $(find "${paths[@]}" -newer "$stamp" -print -quit) ]]
}

build() {
  local stamp=$1 module=$2 out=$root/$2/target/quick
  command -v mvn >/dev/null || fail "needs Maven, 3.8 or newer, to build: no mvn on the PATH"
  if [[ -e $stamp ]]; then
    echo "$me: building what has changed" >&2
  else
    echo "$me: building; the first time also downloads libraries" >&2
  fi
  touch "$stamp.new"
  if ! (cd "$root" && mvn -q -Dquick -pl "$module" -am process-classes) >"$out/build.log" 2>&1 </dev/null; then
    cat "$out/build.log" >&2
    fail "the build of $module failed"
  fi
  mv "$stamp.new" "$stamp"
}

# ensure_built MODULE... : builds the last module, which needs those before it, unless it is current.
ensure_built() {
  local module=${!#}
  local out=$root/$module/target/quick
  local stamp=$out/built
  if is_current "$stamp" "$@"; then return; fi
  mkdir -p "$out" "$root/target"
  # Two that start at once build once.
  exec 9>"$root/target/quick.lock"
  if command -v flock >/dev/null; then flock 9; fi
  if ! is_current "$stamp" "$@"; then build "$stamp" "$module"; fi
  exec 9>&-
}

# These only keep newer JDKs from warning about what Netty, Arrow and JNA do.
quiet_flags() {
  if ((version >= 24)); then
    echo "--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
  fi
}
