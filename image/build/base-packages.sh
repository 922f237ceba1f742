#!/bin/sh
# Removes what the base image installed for its Python (pip, setuptools): the environment sees it as well, because users may
# install packages of their own. Folders are made anew and commands become links, because a layer records the time of a
# deletion.
set -eu
for folder in $(python3 -c 'import site; print(*site.getsitepackages())'); do
  if [ -d "$folder" ]; then
    rm -rf "$folder"
    mkdir "$folder"
  fi
done
for command in /usr/local/bin/pip*; do
  ln -sf /opt/astro-runtime/bin/pip "$command"
done
