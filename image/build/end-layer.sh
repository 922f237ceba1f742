#!/bin/sh
# Ends a step that changes Debian's files: removes what differs from build to build, and gives what changed since $1, in
# seconds, one time. Files of packages keep theirs. What is in the base image is emptied or made anew, because a layer
# records the time of a deletion.
set -eu
rm -rf /var/lib/apt/lists /var/log/apt/* /var/log/*.log /tmp/*
mkdir /var/lib/apt/lists
for file in /var/cache/ldconfig/aux-cache /var/cache/debconf/*-old /var/lib/dpkg/*-old /etc/*-; do
  : >"$file"
done
find / -xdev -newermt "@$1" ! -path /etc/hosts ! -path /etc/resolv.conf -exec touch --no-dereference --date=@1577836800 {} +
