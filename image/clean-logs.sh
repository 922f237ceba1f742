#!/bin/bash
# Deletes old log files until it is stopped: the log groomer of the official chart (`bash /clean-logs`).
# Variables, with their defaults:
#   AIRFLOW__LOG_RETENTION_DAYS=15              delete files that have not been written to for this long
#   AIRFLOW__LOG_RETENTION_MINUTES=0            added to the days
#   AIRFLOW__LOG_CLEANUP_FREQUENCY_MINUTES=15   minutes between two runs
#   AIRFLOW__LOG_MAX_SIZE_BYTES=0               delete the oldest files until the logs are no larger; 0: no limit
#   AIRFLOW__LOG_MAX_SIZE_PERCENT=0             the same, as a percentage of the volume that holds the logs
set -euo pipefail

# read_number NAME DEFAULT MINIMUM: prints the value of the variable, which must be a whole number
read_number() {
  local value=${!1:-$2}
  if ! [[ $value =~ ^[0-9]{1,15}$ ]] || ((10#$value < $3)); then
    echo "clean-logs: $1 is '$value'; it must be a whole number, at least $3" >&2
    exit 78
  fi
  echo "$((10#$value))"
}
logs=${AIRFLOW_HOME:-/usr/local/airflow}/logs
days=$(read_number AIRFLOW__LOG_RETENTION_DAYS 15 0)
minutes=$(read_number AIRFLOW__LOG_RETENTION_MINUTES 0 0)
pause=$(read_number AIRFLOW__LOG_CLEANUP_FREQUENCY_MINUTES 15 1)
bytes=$(read_number AIRFLOW__LOG_MAX_SIZE_BYTES 0 0)
percent=$(read_number AIRFLOW__LOG_MAX_SIZE_PERCENT 0 0)
trap exit INT TERM

# Not the folder itself, nor what a file system keeps there. A file that another groomer has just deleted is no error.
log_files() { find "$logs" -mindepth 1 -name lost+found -prune -o -type f -name '*.log' "$@" 2>/dev/null || true; }

trim_by_size() {
  local limit=$bytes total
  if ((limit == 0 && percent > 0)); then
    limit=$(($(df -B1 --output=size "$logs" | tail -n 1) * percent / 100))
  fi
  ((limit > 0)) || return 0
  total=$(log_files -printf '%s\n' | awk '{ sum += $1 } END { printf "%.0f", sum }')
  log_files -printf '%T@ %s %p\0' | sort -zn | while ((total > limit)) && IFS=' ' read -rd '' _ size path; do
    rm -f -- "$path"
    total=$((total - size))
  done
}

echo "clean-logs: deleting logs in $logs older than $days days and $minutes minutes, every $pause minutes"
while true; do
  log_files -mmin "+$((days * 1440 + minutes))" -print0 | xargs -0r rm -f --
  trim_by_size
  find "$logs" -mindepth 1 -name lost+found -prune -o -type d -empty -mmin +1 -print0 2>/dev/null |
    xargs -0r rmdir --ignore-fail-on-non-empty 2>/dev/null || true
  sleep "$((pause * 60))" &
  wait $!  # unlike a sleep in the foreground, a signal interrupts it at once
done
