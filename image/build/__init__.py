"""What the image's build does with the installed packages: trims, compiles and sorts them into layers."""
