#!/bin/bash
# Deletes old log files for as long as it runs: the log groomer of the official chart (`bash /clean-logs`).
#   AIRFLOW__LOG_RETENTION_DAYS                 files that were not written to for longer go: 15
#   AIRFLOW__LOG_RETENTION_MINUTES              added to the days: 0
#   AIRFLOW__LOG_CLEANUP_FREQUENCY_MINUTES      minutes between two looks: 15
#   AIRFLOW__LOG_MAX_SIZE_BYTES                 the oldest files go until the rest is no larger: 0 = whatever size
#   AIRFLOW__LOG_MAX_SIZE_PERCENT               the same, in percent of the volume that the logs lie on
set -euo pipefail

# number NAME DEFAULT LEAST: the variable's value, which must be a whole number
number() {
  local held=${!1:-$2}
  if ! [[ $held =~ ^[0-9]{1,15}$ ]] || ((10#$held < $3)); then
    echo "clean-logs: $1 holds '$held'; it must be a whole number, at least $3" >&2
    exit 78
  fi
  echo "$((10#$held))"
}
logs=${AIRFLOW_HOME:-/usr/local/airflow}/logs
days=$(number AIRFLOW__LOG_RETENTION_DAYS 15 0)
minutes=$(number AIRFLOW__LOG_RETENTION_MINUTES 0 0)
pause=$(number AIRFLOW__LOG_CLEANUP_FREQUENCY_MINUTES 15 1)
bytes=$(number AIRFLOW__LOG_MAX_SIZE_BYTES 0 0)
percent=$(number AIRFLOW__LOG_MAX_SIZE_PERCENT 0 0)
trap exit INT TERM

# The folder itself stays, and what a file system keeps for itself. What another groomer deleted first is no error.
log_files() { find "$logs" -mindepth 1 -name lost+found -prune -o -type f -name '*.log' "$@" 2>/dev/null || true; }

trim_by_size() {
  local most=$bytes total
  if ((most == 0 && percent > 0)); then
    most=$(($(df -B1 --output=size "$logs" | tail -n 1) * percent / 100))
  fi
  ((most > 0)) || return 0
  total=$(log_files -printf '%s\n' | awk '{ sum += $1 } END { printf "%.0f", sum }')
  log_files -printf '%T@ %s %p\0' | sort -zn | while ((total > most)) && IFS=' ' read -rd '' _ size path; do
    rm -f -- "$path"
    total=$((total - size))
  done
}

echo "clean-logs: logs in $logs older than $days days and $minutes minutes go, every $pause minutes"
while true; do
  log_files -mmin "+$((days * 1440 + minutes))" -print0 | xargs -0r rm -f --
  trim_by_size
  find "$logs" -mindepth 1 -name lost+found -prune -o -type d -empty -mmin +1 -print0 2>/dev/null |
    xargs -0r rmdir --ignore-fail-on-non-empty 2>/dev/null || true
  sleep "$((pause * 60))" &
  wait $!  # a signal ends a wait at once, a sleep not before its end
done
