"""What stands in the image beside the packages: the programs that install what a project lists."""
