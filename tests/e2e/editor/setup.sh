#!/usr/bin/env bash
# Fetches what the editor tests need into $CAIRN_RIG (default: .rig in the checkout; about 800 MB), builds the
# extension and installs its package there.
#
# A second call does only what is out of date. Everything comes from the npm registry, in exact versions and
# without running install scripts: those want a compiler and hosts that not every machine reaches, and nothing
# they build is needed here. Chromium must be on PATH already, or be named by $CHROMIUM.
set -euo pipefail

# The oldest VS Code that was tried: CAIRN_RIG_CODE_SERVER=4.103.2 CAIRN_RIG_NODE=22.23.3 with a CAIRN_RIG of its own.
CODE_SERVER=${CAIRN_RIG_CODE_SERVER:-4.139.1} # carries VS Code 1.139.1
PLAYWRIGHT=1.65.1                             # playwright-core: a driver without browsers of its own
NODE=${CAIRN_RIG_NODE:-24.21.0}               # for code-server, when this machine's Node has another major version

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
checkout=$(cd "$here/../../.." && pwd)
rig=${CAIRN_RIG:-$checkout/.rig}
mkdir -p "$rig"
rig=$(cd "$rig" && pwd)
export npm_config_ignore_scripts=true npm_config_fund=false npm_config_audit=false
export npm_config_loglevel=error npm_config_update_notifier=false

fail() { echo "setup: $1" >&2; exit 1; }

# once NAME KEY COMMAND...: runs the command unless it succeeded before under the same key.
once() {
  local name=$1 key=$2 stamp="$rig/.$1.stamp" began=$SECONDS
  shift 2
  [ "$(cat "$stamp" 2>/dev/null || true)" = "$key" ] && return
  rm -f "$stamp"
  echo "setup: $name"
  "$@"
  echo "$key" > "$stamp"
  echo "setup: $name took $((SECONDS - began)) s"
}

install_into() { # FOLDER PACKAGE: a fresh folder with one package in it
  rm -rf "${rig:?}/$1"
  mkdir -p "$rig/$1"
  echo '{"private": true}' > "$rig/$1/package.json"
  (cd "$rig/$1" && npm install --save-exact "$2")
}

code_server() {
  install_into code-server "code-server@$CODE_SERVER"
  local vscode="$rig/code-server/node_modules/code-server/lib/vscode"
  (cd "$vscode" && npm install --omit=dev) # from its own shrinkwrap; its install script would have done this
  [ -e "$vscode/node_modules.asar" ] || ln -s node_modules "$vscode/node_modules.asar"
}

node_for_code_server() {
  local wanted mine
  wanted=$(node -p "parseInt(require('$rig/code-server/node_modules/code-server/package.json').engines.node)")
  mine=$(node -p 'parseInt(process.versions.node)')
  if [ "$wanted" = "$mine" ]; then
    rm -rf "$rig/node"
    mkdir -p "$rig/node/bin"
    ln -s "$(command -v node)" "$rig/node/bin/node"
    return
  fi
  # The package called `node` is empty without install scripts; these hold the program itself.
  local package
  package=node-$(node -p 'process.platform + "-" + process.arch')
  install_into node "$package@$NODE"
  ln -s "node_modules/$package/bin" "$rig/node/bin"
}

extension() {
  local source="$checkout/vscode-extension"
  (
    cd "$source"
    [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci
    npm run --silent typecheck
    npm run --silent package > "$rig/package.log" || { cat "$rig/package.log"; exit 1; }
  )
  take extensions "$source/dist/cairn.vsix"
}

bundled() { # the same with the server in it
  make -s -C "$checkout" wheels
  (cd "$checkout/vscode-extension" && npm run --silent package:bundled > "$rig/package.log") || { cat "$rig/package.log"; exit 1; }
  take bundled "$checkout/vscode-extension/dist/cairn-bundled.vsix"
}

take() { # FOLDER VSIX: installs the extension into a fresh folder
  local node="$rig/node/bin/node" server="$rig/code-server/node_modules/code-server/lib/vscode/out/server-main.js"
  rm -rf "${rig:?}/$1"
  "$node" "$server" --accept-server-license-terms --server-data-dir "$rig/install" --user-data-dir "$rig/install" \
    --extensions-dir "$rig/$1" --install-extension "$2" > "$rig/install.log" 2>&1 ||
    { cat "$rig/install.log"; fail "VS Code does not take the extension"; }
}

sources_of_server() {
  (cd "$checkout" && find server agents memory pyproject.toml constraints.txt -type f -not -name '*.pyc' -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
}

sources_of_extension() { # one hash over all that goes into the package
  (cd "$checkout/vscode-extension" && find . -type f -not -path './node_modules/*' -not -path './dist/*' -not -path './bundle/wheels/*' -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
}

command -v node >/dev/null || fail "Node 20 or newer is needed; install it and call this again"
command -v "${CHROMIUM:-chromium}" >/dev/null || command -v google-chrome >/dev/null ||
  fail "Chromium is needed: apt-get install chromium, or name a browser in \$CHROMIUM"

once code-server "$CODE_SERVER" code_server
once node "$CODE_SERVER $NODE $(node --version)" node_for_code_server
once playwright "$PLAYWRIGHT" install_into playwright "playwright-core@$PLAYWRIGHT"
once extension "$CODE_SERVER $(sources_of_extension)" extension
once bundled "$CODE_SERVER $(sources_of_extension) $(sources_of_server)" bundled
