"""`astro-runtime check --cluster`."""

from __future__ import annotations

from entrypoint.airflow_line import installed_airflow
from entrypoint.errors import UNKNOWN, StartError


def check_cluster(as_json: bool) -> int:
    """Print a line for each finding, and return the exit code."""
    import io
    import logging
    from contextlib import redirect_stdout

    if installed_airflow() is None:
        raise StartError("Airflow is not installed; the Runtime is a distribution of it", UNKNOWN)
    logging.disable(logging.WARNING)  # Airflow logs warnings while it is imported
    with redirect_stdout(io.StringIO()):  # Airflow 2 logs there
        from astro_runtime_plugin.cluster.finding import ClusterFinding, safety_code
        from astro_runtime_plugin.cluster.report import all_findings

        findings = all_findings()
    if as_json:
        from astro_runtime_plugin.cli.output import print_json

        print_json([finding._asdict() for finding in findings])
    else:
        from astro_runtime_plugin.cli.table import print_table

        columns = [name if name != "remedy" else "what to do" for name in ClusterFinding._fields]
        print_table(columns, findings)
    return safety_code(findings)
