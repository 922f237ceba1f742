#!/bin/sh
# install-lists.sh FOLDER: installs the packages of FOLDER/packages.txt and FOLDER/requirements.txt, both optional, with
# the indexes of FOLDER/pip.conf and of build secrets, and removes FOLDER. An error names file and line, and fails the
# build.
# Build secrets, all optional: pip.conf; build.env (lines NAME=value, for ${NAME} in requirements.txt); netrc; and
# variables of pip and uv by their name.
set -eu
secrets=${BUILD_SECRETS:-/run/secrets}
for name in PIP_INDEX_URL PIP_EXTRA_INDEX_URL UV_INDEX_URL UV_EXTRA_INDEX_URL UV_DEFAULT_INDEX UV_INDEX; do
  if eval "case \${$name:-} in *://*@*) true ;; *) false ;; esac"; then
    echo "install-lists.sh: a password in $name stays in the image's history; pass $name as a build secret" >&2
  fi
  [ ! -s "$secrets/$name" ] || export "$name=$(cat "$secrets/$name")"
done
if [ -s "$secrets/build.env" ]; then
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in '' | '#'*) ;; *=*) export "${line%"$(printf '\r')"}" ;; esac
  done <"$secrets/build.env"
fi
mkdir -p "$1"
cd "$1"
if [ -s "$secrets/pip.conf" ]; then
  export PIP_CONFIG_FILE="$secrets/pip.conf"
elif [ -s pip.conf ]; then
  export PIP_CONFIG_FILE="$PWD/pip.conf"
fi
export PYTHONPATH=/usr/local/lib/astro-runtime
python=/opt/astro-runtime/bin/python
[ ! -e packages.txt ] || $python -BP -m image.install_packages packages.txt
[ ! -e pip.conf ] || $python -BP -m image.passwords pip.conf
[ ! -e requirements.txt ] || $python -BP -m image.install_requirements --in-layer requirements.txt
cd /
# Also uv's lock, which all may write to, and what pip remembers about its own version.
rm -rf "$1" /opt/astro-runtime/.lock /root/.cache/pip
