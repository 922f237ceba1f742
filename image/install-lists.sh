#!/bin/sh
# install-lists.sh FOLDER: installs what a project's packages.txt and requirements.txt ask for, those of the two that
# there are, and removes FOLDER. What is wrong with one is told with its file and line, and ends the build.
set -eu
mkdir -p "$1"
cd "$1"
export PYTHONPATH=/usr/local/lib/astro-runtime
for list in packages requirements; do
  [ ! -e "$list.txt" ] || /opt/astro-runtime/bin/python -BP -m "image.install_$list" "$list.txt"
done
cd /
rm -rf "$1"
