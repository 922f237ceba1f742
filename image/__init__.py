"""The programs that install a project's packages.txt and requirements.txt while its image is built."""
