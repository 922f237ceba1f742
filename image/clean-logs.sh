#!/bin/bash
# Deletes old log files until it is stopped: the log groomer of the official chart (`bash /clean-logs`).
# Variables, with their defaults; one that is empty counts as unset:
#   AIRFLOW__LOG_RETENTION_DAYS=15              delete files that have not been written to for this long; also read:
#     ASTRONOMER__AIRFLOW__WORKER_LOG_RETENTION_DAYS, AIRFLOW__WORKER_LOG_RETENTION_DAYS  its names in other charts
#   AIRFLOW__LOG_RETENTION_MINUTES=0            added to the days
#   AIRFLOW__LOG_CLEANUP_FREQUENCY_MINUTES=15   minutes between two runs
#   AIRFLOW__LOG_MAX_SIZE_BYTES=0               delete the oldest files until the logs are no larger; 0: no limit
#   AIRFLOW__LOG_MAX_SIZE_PERCENT=0             the same, as a percentage of the volume that holds the logs
set -euo pipefail
export AIRFLOW_HOME=${AIRFLOW_HOME:-/usr/local/airflow}

# read_number NAME DEFAULT MINIMUM: prints the value of the variable, which must be a whole number
read_number() {
  local value=${!1:-$2}
  if ! [[ $value =~ ^[0-9]{1,15}$ ]] || ((10#$value < $3)); then
    echo "clean-logs: $1 is '$value'; it must be a whole number, at least $3" >&2
    exit 78
  fi
  echo "$((10#$value))"
}
days=15
for name in AIRFLOW__WORKER_LOG_RETENTION_DAYS ASTRONOMER__AIRFLOW__WORKER_LOG_RETENTION_DAYS AIRFLOW__LOG_RETENTION_DAYS; do
  days=$(read_number "$name" "$days" 0)
done
minutes=$(read_number AIRFLOW__LOG_RETENTION_MINUTES 0 0)
pause=$(read_number AIRFLOW__LOG_CLEANUP_FREQUENCY_MINUTES 15 1)
bytes=$(read_number AIRFLOW__LOG_MAX_SIZE_BYTES 0 0)
percent=$(read_number AIRFLOW__LOG_MAX_SIZE_PERCENT 0 0)
trap exit INT TERM

# Where Airflow writes task logs, and where its other logs are by default. Links are resolved at each run, because a
# volume may come later.
configured=$(python -I "$(dirname "$(readlink -f "$0")")/log_folder.py")
find_folders() {
  local path
  folders=()
  for path in "$configured" "$AIRFLOW_HOME/logs"; do
    path=$(readlink -e -- "$path") && [[ -d $path ]] || continue
    [[ ${#folders[@]} -gt 0 && $path/ == "${folders[0]%/}"/* ]] || folders+=("$path")
  done
  [[ ${#folders[@]} -lt 2 || ${folders[0]}/ != "${folders[1]%/}"/* ]] || folders=("${folders[1]}")
}

# Not a folder itself, nor what a file system keeps there. A file that another groomer has just deleted is no error.
below_folders() { find "${folders[@]}" -mindepth 1 -name lost+found -prune -o "$@" 2>/dev/null || true; }
log_files() { below_folders -type f -name '*.log' "$@"; }

trim_by_size() {
  local limit=$bytes total
  if ((limit == 0 && percent > 0)); then
    limit=$(($(df -B1 --output=size "${folders[0]}" | tail -n 1) * percent / 100))
  fi
  ((limit > 0)) || return 0
  total=$(log_files -printf '%s\n' | awk '{ sum += $1 } END { printf "%.0f", sum }')
  log_files -printf '%T@ %s %p\0' | sort -zn | while ((total > limit)) && IFS=' ' read -rd '' _ size path; do
    rm -f -- "$path"
    total=$((total - size))
  done
}

clean() {
  log_files -mmin "+$((days * 1440 + minutes))" -print0 | xargs -0r rm -f --
  trim_by_size
  below_folders -type d -empty -mmin +1 -print0 | xargs -0r rmdir --ignore-fail-on-non-empty 2>/dev/null || true
}

echo "clean-logs: deleting logs in $configured older than $days days and $minutes minutes, every $pause minutes"
while true; do
  find_folders
  ((${#folders[@]} == 0)) || clean
  sleep "$((pause * 60))" &
  wait $!  # unlike a sleep in the foreground, a signal interrupts it at once
done
