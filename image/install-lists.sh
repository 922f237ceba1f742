#!/bin/sh
# install-lists.sh FOLDER: installs the packages of FOLDER/packages.txt and FOLDER/requirements.txt, both optional, and
# removes FOLDER. An error names file and line, and fails the build.
set -eu
mkdir -p "$1"
cd "$1"
export PYTHONPATH=/usr/local/lib/astro-runtime
for list in packages requirements; do
  [ ! -e "$list.txt" ] || /opt/astro-runtime/bin/python -BP -m "image.install_$list" "$list.txt"
done
cd /
rm -rf "$1"
